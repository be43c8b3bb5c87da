"""Pieces of a printed page: text that falls back through fonts and scripts, rows of fields, ruled boxes.

reportlab's own Paragraph draws a missing character as an empty box without an error, has no right-to-left order and
reads markup in what people typed. These pieces draw plain text only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.units import mm
from reportlab.platypus.flowables import Flowable

from agreements.documents import fonts
from agreements.documents.fonts import Family
from agreements.documents.form_fields import Field, note_box, place
from agreements.documents.inspector.field_names import ACCEPTED
from agreements.documents.places import SIGNATURE
from agreements.documents.scripts import Line, break_lines, is_right_to_left, visual

INK: Final = HexColor("#14181d")
QUIET: Final = HexColor("#5a6470")
ACCENT: Final = HexColor("#1c3f63")
RULE: Final = HexColor("#c3c9d0")


@dataclass(frozen=True, slots=True)
class Style:
    """How a piece of text looks. Sizes in points."""

    family: Family = "serif"
    size: float = 10.5
    leading: float = 15.0
    color: Color = INK


BODY: Final = Style()
LABEL: Final = Style("sans", 7.2, 10.0, QUIET)
VALUE: Final = Style("serif", 11.0, 14.5)
SECTION: Final = Style("serif-bold", 13.5, 18.0, ACCENT)
HEADING: Final = Style("serif-bold", 11.0, 15.0)


def lines(text: str, style: Style, available: float) -> list[Line]:
    """Break text for a style and a width in points; lines are in logical order."""
    return break_lines(text, available, lambda shown: fonts.width(shown, style.family, style.size))


def draw_line(canvas: Any, x: float, y: float, text: str | Line, style: Style, *, available: float = 0.0) -> None:
    """Draw one line with its baseline at y. A right-to-left line ends at x + available instead of starting at x."""
    text, right_to_left = text if isinstance(text, Line) else (text, is_right_to_left(text))
    shown = visual(text, right_to_left=right_to_left)
    if right_to_left and available:
        x += available - fonts.width(shown, style.family, style.size)
    drawn = canvas.beginText(x, y)
    drawn.setFillColor(style.color)
    for name, piece in fonts.runs(shown, style.family):
        drawn.setFont(name, style.size)
        drawn.textOut(piece)
    canvas.drawText(drawn)


class Text(Flowable):
    """A paragraph of plain text, at the left edge plus `indent` points; splits between lines, two at least."""

    def __init__(
        self, text: str, style: Style = BODY, *, indent: float = 0, above: float = 0, below: float = 0
    ) -> None:
        super().__init__()
        self.text, self.style, self.indent = text, style, indent
        self.spaceBefore, self.spaceAfter = above, below
        self.keepWithNext = 0
        self._lines: list[Line] | None = None

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        self.width = available
        if self._lines is None:
            self._lines = lines(self.text, self.style, available - self.indent)
        self.height = len(self._lines) * self.style.leading
        return self.width, self.height

    def split(self, available: float, height: float) -> list[Flowable]:
        self.wrap(available, height)
        assert self._lines is not None
        fit = min(int(height / self.style.leading), len(self._lines) - 2)
        if fit < 2:
            return []
        return [self._part(self._lines[:fit], below=0), self._part(self._lines[fit:], below=self.spaceAfter)]

    def _part(self, lines_: list[Line], *, below: float) -> Text:
        part = Text("", self.style, indent=self.indent, below=below)
        part._lines = lines_
        return part

    def draw(self) -> None:
        for number, line in enumerate(self._lines or ()):
            y = self.height - number * self.style.leading - self.style.size
            draw_line(self.canv, self.indent, y, line, self.style, available=self.width - self.indent)


@dataclass(frozen=True, slots=True)
class Cell:
    """A labelled value; `share` is its part of the row's width. Without a value a line to write on is left.

    `field` lets somebody type there instead.
    """

    label: str
    value: str | None
    share: float = 1.0
    field: Field | None = None


class FieldRow(Flowable):
    """Labelled values side by side over a hairline."""

    GAP: Final = 6 * mm
    BLANK_HEIGHT: Final = 8.5 * mm
    TYPED_HEIGHT: Final = 17.0

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__()
        self.cells = cells
        self._set: list[tuple[float, float, Cell, list[Line]]] = []

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        room = available - self.GAP * (len(self.cells) - 1)
        total = sum(cell.share for cell in self.cells)
        x = 0.0
        self._set = []
        for cell in self.cells:
            part = room * cell.share / total
            self._set.append((x, part, cell, lines(cell.value, VALUE, part) if cell.value else []))
            x += part + self.GAP
        label = LABEL.leading if any(cell.label for cell in self.cells) else 2.0
        tallest = max(len(set_lines) for *_, set_lines in self._set) * VALUE.leading
        self._label = label
        self.width = available
        self.height = label + max(tallest, self.BLANK_HEIGHT - label if not tallest else 0) + 7.5
        return self.width, self.height

    def draw(self) -> None:
        for x, part, cell, set_lines in self._set:
            if cell.label:
                draw_line(self.canv, x, self.height - LABEL.size, cell.label, LABEL)
            for number, line in enumerate(set_lines):
                y = self.height - self._label - number * VALUE.leading - VALUE.size
                draw_line(self.canv, x, y, line, VALUE, available=part)
            self.canv.setStrokeColor(RULE)
            self.canv.setLineWidth(0.5)
            self.canv.line(x, 3.5, x + part, 3.5)
            if cell.field:
                place(self.canv, cell.field, x=x, y=4.0, width=part, height=self.TYPED_HEIGHT)


class WritingLines(Flowable):
    """Empty ruled lines to write on, with a field over all of them if there is one."""

    PITCH: Final = 8.5 * mm

    def __init__(self, count: int, field: Field | None = None) -> None:
        super().__init__()
        self.count = count
        self.field = field

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        self.width, self.height = available, self.count * self.PITCH
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setStrokeColor(RULE)
        self.canv.setLineWidth(0.5)
        for number in range(self.count):
            self.canv.line(0, number * self.PITCH + 2, self.width, number * self.PITCH + 2)
        if self.field:
            place(self.canv, self.field, x=0, y=2, width=self.width, height=self.height - 2)


class SectionTitle(Text):
    """The title of a section, under a thin rule that sets it off."""

    def __init__(self, text: str) -> None:
        super().__init__(text, SECTION, above=9 * mm, below=2.5 * mm)
        self.keepWithNext = 1


class ClauseHeading(Flowable):
    """`3   No redistribution                 no-redistribution`: number, heading, and the id by which it is cited."""

    def __init__(self, number: int, heading: str, clause_id: str, *, indent: float) -> None:
        super().__init__()
        self.number, self.heading, self.clause_id, self.indent = number, heading, clause_id, indent
        self.spaceBefore = 4.5 * mm
        self.keepWithNext = 1

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        self.width = available
        self._id_width = fonts.width(self.clause_id, LABEL.family, LABEL.size)
        self._lines = lines(self.heading, HEADING, available - self.indent - self._id_width - 4 * mm)
        self.height = len(self._lines) * HEADING.leading + 1.0
        return self.width, self.height

    def draw(self) -> None:
        top = self.height - HEADING.size
        draw_line(self.canv, 0, top, str(self.number), replace(HEADING, color=ACCENT))
        for at, line in enumerate(self._lines):
            draw_line(self.canv, self.indent, top - at * HEADING.leading, line, HEADING)
        draw_line(self.canv, self.width - self._id_width, top, self.clause_id, LABEL)


@dataclass(frozen=True, slots=True)
class SigningFields:
    """What can be filled in on a screen beside the signature, which is never typed."""

    accepted: Field
    name: Field
    date: Field
    place: Field


class SigningBoxes(Flowable):
    """The tick box with its statement, and the boxes for name, date and signature, kept on one page."""

    TICK: Final = 5.5 * mm
    NAME: Final = 15 * mm
    SIGNATURE: Final = 34 * mm
    TYPED: Final = 20.0
    GAP: Final = 4.5 * mm

    def __init__(
        self, statement: str, fields: SigningFields, *, signature: str, name: str, date: str, place: str
    ) -> None:
        super().__init__()
        self.statement = statement
        self.labels = (signature, name, date, place)
        self.fields = fields

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        self.width = available
        self._lines = lines(self.statement, BODY, available - self.TICK - 4 * mm)
        self._first = max(len(self._lines) * BODY.leading, self.TICK + 2)
        self.height = self._first + self.GAP + self.NAME + self.GAP + self.SIGNATURE + 2
        return self.width, self.height

    def draw(self) -> None:
        signature, name, date, where = self.labels
        canvas, fields = self.canv, self.fields
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(1.0)
        tick = {"x": 0.5, "y": self.height - self.TICK - 0.5, "width": self.TICK, "height": self.TICK}
        canvas.rect(*tick.values())
        note_box(canvas, ACCEPTED, **tick)
        place(canvas, fields.accepted, **tick)
        for at, line in enumerate(self._lines):
            y = self.height - at * BODY.leading - BODY.size - 1
            draw_line(canvas, self.TICK + 4 * mm, y, line, BODY, available=self.width - self.TICK - 4 * mm)
        left = self.width * 0.62
        right = self.width - left - self.GAP
        row = self.SIGNATURE + self.GAP + 1
        self._box(0, row, left, self.NAME, (name, fields.name))
        self._box(left + self.GAP, row, right, self.NAME, (date, fields.date))
        self._box(0, 1, left, self.SIGNATURE, (signature, None))
        self._box(left + self.GAP, 1, right, self.SIGNATURE, (where, fields.place))

    def _box(self, x: float, y: float, wide: float, high: float, labelled: tuple[str, Field | None]) -> None:
        label, field = labelled
        self.canv.setStrokeColor(QUIET)
        self.canv.setLineWidth(0.7)
        self.canv.rect(x, y, wide, high)
        note_box(self.canv, field.name if field else SIGNATURE, x=x, y=y, width=wide, height=high)
        top = y + high - LABEL.size - 1.5 * mm
        draw_line(self.canv, x + 2 * mm, top, label, LABEL)
        if field:
            place(self.canv, field, x=x + 2 * mm, y=top - 3 - self.TYPED, width=wide - 4 * mm, height=self.TYPED)
