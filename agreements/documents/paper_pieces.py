"""The pieces that papers of ours about an agreement are put together from: their titles, rows, days and moments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus.flowables import Flowable

from agreements.documents import fonts
from agreements.documents.typesetting import ACCENT, Cell, FieldRow, SectionTitle, Style, Text

TITLE: Final = Style("serif-bold", 25.0, 30.0, ACCENT)
LEAD: Final = Style("serif", 11.5, 16.5)


def opening(title: str, lead: str, *, below: float = 0) -> list[Flowable]:
    """Return the title of a paper, and what it says in one sentence; `below` is the room under it, in points."""
    return [Text(title, TITLE, below=2 * mm), text(lead, LEAD, below=below)]


def section(words: str) -> SectionTitle:
    """Nearer to what is above than in an agreement: such a paper is read at a glance, if it can be on one page."""
    title = SectionTitle(words)
    title.spaceBefore = 5.5 * mm
    return title


def text(words: str, style: Style, *, indent: float = 0, below: float = 0) -> Text:
    """Return a paragraph; what no font has is written out as a code."""
    return Text(fonts.printable(words), style, indent=indent, below=below)


def row(*cells: tuple[str, str]) -> FieldRow:
    """Return labels with their values, side by side in equal parts."""
    return FieldRow([cell(label, value) for label, value in cells])


def cell(label: str, value: str, *, share: float = 1.0) -> Cell:
    """Return a label with its value; a dash where there is none."""
    return Cell(fonts.printable(label), fonts.printable(value) or "–", share)


def day(on: date) -> str:
    """Return a day as it is printed."""
    return date_format(on, "j F Y")


def moment(at: datetime) -> str:
    """Return a moment, which is in UTC, as it is printed, to the minute."""
    return _("%(moment)s UTC") % {"moment": date_format(at, "j F Y, H:i")}


def exact_moment(at: datetime) -> str:
    """Return a moment, which is in UTC, as it is printed, to the second."""
    return _("%(moment)s UTC") % {"moment": date_format(at, "j F Y, H:i:s")}
