"""The page that a signature in the browser adds behind the agreement: who signed what, when, how, from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from reportlab.lib.units import mm
from reportlab.platypus.flowables import Flowable, KeepTogether

from agreements.documents import fonts, strokes
from agreements.documents.page_furniture import Furniture, build
from agreements.documents.paper_pieces import exact_moment, opening, row, section
from agreements.documents.scripts import break_lines, is_right_to_left, visual
from agreements.documents.strokes import Strokes
from agreements.documents.typesetting import INK, QUIET, RULE, ClauseHeading, Style, draw_line

_SMALL: Final = Style("sans", 7.2, 10.0, QUIET)
_INDENT: Final = 8 * mm


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """What the signature page states. `strokes` is empty where the name was typed; `clauses` are (id, heading).

    `email` is where the code went that confirmed it; `signed_at` is in UTC; `network_address` may be unknown: "".
    """

    dataset_name: str
    application_reference: str
    issue: int
    pages: int
    terms_version: str
    terms_sha256: str
    issued_sha256: str
    name: str
    organization: str
    email: str
    network_address: str
    signed_at: datetime
    strokes: Strokes
    clauses: tuple[tuple[str, str], ...]


def render_signature_page(signed: SignedRecord) -> bytes:
    """Return the page, or pages where there are many clauses, as a PDF. The same values give the same bytes."""
    title = _("Signature page: application %(reference)s, issue %(issue)d") % {
        "reference": signed.application_reference,
        "issue": signed.issue,
    }
    return build(_story(signed), _furniture(signed), title=title)


class SignatureBox(Flowable):
    """A ruled box with the signature on its line: the strokes as they were drawn, or the name in a slanted face."""

    HEIGHT: Final = 40 * mm
    INK_WIDTH: Final = 1.25
    LARGEST, SEVERAL_FROM, SMALLEST, PITCH = 34, 20, 6, 1.2

    def __init__(self, name: str, drawn: Strokes, caption: str) -> None:
        super().__init__()
        self.name, self.strokes, self.caption = name, drawn, caption
        self.spaceAfter = 4 * mm

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        self.width, self.height = available, self.HEIGHT
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setStrokeColor(QUIET)
        self.canv.setLineWidth(0.7)
        self.canv.rect(0, 0.5, self.width, self.HEIGHT - 1)
        self.canv.setStrokeColor(RULE)
        self.canv.line(6 * mm, 9.5 * mm, self.width - 6 * mm, 9.5 * mm)
        draw_line(self.canv, 6 * mm, 4.2 * mm, self.caption, _SMALL)
        if self.strokes:
            self._drawn()
        else:
            self._typed()

    def _drawn(self) -> None:
        """The box of 1000 by 300, as large as fits above the edge and to both sides."""
        scale = min((self.width - 12 * mm) / strokes.WIDTH, (self.HEIGHT - 8 * mm) / strokes.HEIGHT)
        left, top = (self.width - scale * strokes.WIDTH) / 2, self.HEIGHT - 2.5 * mm
        path = self.canv.beginPath()
        for stroke in self.strokes:
            path.moveTo(left + stroke[0][0] * scale, top - stroke[0][1] * scale)
            for start, control, end in strokes.curves(stroke):
                # PDF has cubic curves alone: a quadratic one is that with its control points two thirds of the way.
                a, b, c = ((left + x * scale, top - y * scale) for x, y in (start, control, end))
                path.curveTo(
                    a[0] + (b[0] - a[0]) * 2 / 3,
                    a[1] + (b[1] - a[1]) * 2 / 3,
                    c[0] + (b[0] - c[0]) * 2 / 3,
                    c[1] + (b[1] - c[1]) * 2 / 3,
                    *c,
                )
        canvas = self.canv
        canvas.saveState()
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(self.INK_WIDTH)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        canvas.drawPath(path, stroke=1, fill=0)
        canvas.restoreState()

    def _typed(self) -> None:
        """As large as it fits on one line; a long name stands on several."""
        size, set_lines = self._fitted(self.width - 20 * mm)
        y = 14 * mm + (len(set_lines) - 1) * size * self.PITCH
        for line in set_lines:
            self._typed_line(line, y, size)
            y -= size * self.PITCH

    def _fitted(self, room: float) -> tuple[float, list[str]]:
        """Return the size in points, and the lines; the longest name that is taken fits above the line of the box."""
        high = self.HEIGHT - 16 * mm
        for size in range(self.LARGEST, self.SMALLEST, -1):
            broken = break_lines(self.name, room, partial(_wide, size=size))
            most = 1 if size > self.SEVERAL_FROM else int(high / (size * self.PITCH))
            if len(broken) <= most:
                break
        return size, [line.text for line in broken]

    def _typed_line(self, line: str, y: float, size: float) -> None:
        style, x = Style("script", size, size * self.PITCH, INK), 10 * mm
        if _is_whole(line):
            draw_line(self.canv, x, y, line, style, available=self.width - 20 * mm)
            return
        for word in line.split():
            draw_line(self.canv, x, y, word, style)
            x += fonts.width(f"{word} ", "script", size)


def _is_whole(line: str) -> bool:
    """Return whether it is set as one: only a word by itself keeps its face beside other scripts."""
    return is_right_to_left(line) or visual(line) != line


def _wide(shown: str, *, size: float) -> float:
    """Return at most how wide a line is printed, in points."""
    by_words = sum(fonts.width(f"{word} ", "script", size) for word in shown.split())
    return max(fonts.width(shown, "script", size), by_words)


def _story(signed: SignedRecord) -> list[Flowable]:
    lead = _(
        "The person named here read the agreement on the %(pages)s before this one, accepted each of its clauses, and "
        "signed it in the browser. A code mailed to the address below confirmed it."
    ) % {"pages": ngettext("%(n)d page", "%(n)d pages", signed.pages) % {"n": signed.pages}}
    return [
        *opening(_("Signature"), lead, below=5 * mm),
        *_who(signed),
        *_what(signed),
        *_accepted(signed),
    ]


def _who(signed: SignedRecord) -> list[Flowable]:
    caption = _("Signature, drawn") if signed.strokes else _("Signature, typed")
    return [
        SignatureBox(fonts.printable(signed.name), signed.strokes, caption),
        row((_("Name"), signed.name), (_("Organization"), signed.organization)),
        row((_("Signed"), exact_moment(signed.signed_at)), (_("From network address"), signed.network_address)),
        row((_("Confirmed by a code mailed to"), signed.email)),
    ]


def _accepted(signed: SignedRecord) -> list[Flowable]:
    rows = [_clause(number, *clause) for number, clause in enumerate(signed.clauses, start=1)]
    title = section(_("Clauses read and accepted, each by itself"))
    return [KeepTogether([title, *rows[:2]]), *rows[2:]]


def _clause(number: int, clause_id: str, heading: str) -> Flowable:
    line = ClauseHeading(number, fonts.printable(heading), clause_id, indent=_INDENT)
    line.spaceBefore, line.keepWithNext = 1.2 * mm, 0
    return line


def _what(signed: SignedRecord) -> list[Flowable]:
    rows: list[Flowable] = [
        row((_("Dataset"), signed.dataset_name), (_("Terms, version"), signed.terms_version)),
        row((_("Application"), signed.application_reference), (_("Issue"), str(signed.issue))),
        row((_("SHA-256 of the agreement as it was issued"), signed.issued_sha256)),
        row((_("SHA-256 of the terms"), signed.terms_sha256)),
    ]
    return [KeepTogether([section(_("What was signed")), *rows])]


def _furniture(signed: SignedRecord) -> Furniture:
    names = {
        "reference": signed.application_reference,
        "issue": signed.issue,
        "date": date_format(signed.signed_at, "j F Y"),
    }
    return Furniture(
        dataset_name=fonts.printable(signed.dataset_name),
        kind=_("Release agreement · signature page"),
        identity=_("Application %(reference)s · issue %(issue)d · signed %(date)s") % names,
        fingerprint=_("SHA-256 of the agreement: %(digest)s") % {"digest": signed.issued_sha256},
        page_name=_("Signature page"),
    )
