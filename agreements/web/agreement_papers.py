"""The papers behind an access, as lines of a page: what both sides signed, the signed copy, the agreement as issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.documents.models import StoredDocument
from agreements.grants import executed
from agreements.grants.executed.behind import papers_behind
from agreements.grants.executed.making import why_waiting
from agreements.grants.models import ExecutedAgreement, Grant


class Sort(StrEnum):
    EXECUTED = "executed"
    SIGNED = "signed"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Line:
    """One paper: its title, where it is fetched ("" for nowhere), what is to be known of it, its SHA-256 if known."""

    title: str
    url: str
    note: str
    sha256: str = ""


def lines(grant: Grant, *, address: Callable[[Sort], str], for_staff: bool) -> list[Line]:
    """Return the papers that there are. `address` says where each is fetched, "" for none; staff read what is amiss."""
    found = []
    behind = papers_behind(grant.application)
    if (row := executed.of(grant)) is not None:
        found.append(_executed(row, address(Sort.EXECUTED), for_staff=for_staff))
    if behind.copy is not None:
        if behind.browser is not None:
            title = _("Agreement as it was signed in the portal")
        elif for_staff:
            title = _("Signed copy as it came")
        else:
            title = _("Your signed copy as you sent it")
        found.append(_line(title, behind.copy.document, address(Sort.SIGNED), ""))
    if behind.issued is not None:
        title = _("Agreement as it was issued")
        found.append(_line(title, behind.issued.document, address(Sort.ISSUED), ""))
    return found


def _executed(row: ExecutedAgreement, url: str, *, for_staff: bool) -> Line:
    title = _("Executed agreement, signed by both sides")
    if row.document is None or row.made_at is None:
        why = why_waiting(row) if for_staff else ""
        return Line(title, "", why or _("It is being put together, and will be here soon."))
    made = date_format(timezone.localtime(row.made_at), "DATE_FORMAT")
    return _line(title, row.document, url, _("made on %(date)s, certified by this portal") % {"date": made})


def _line(title: str, document: StoredDocument, url: str, note: str) -> Line:
    if document.erased_at is not None:
        on = date_format(timezone.localtime(document.erased_at), "DATE_FORMAT")
        return Line(title, "", _("erased on %(date)s") % {"date": on}, document.sha256)
    return Line(title, url, note, document.sha256)
