"""Fields of a PDF form: to type into where there is a line or a box to write on, and one box to tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from reportlab.lib.colors import black
from reportlab.pdfbase.acroform import PDFFromString
from reportlab.pdfbase.pdfdoc import PDFName

from agreements.documents.inspector.field_names import ACCEPTED, LONGEST

# Size 0: a viewer takes what fits, so that a long name is not cut when the form is printed.
_ANY_SIZE: Final = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name (one of `field_names.LONGEST`), and what a screen reader says of it. `ACCEPTED` is ticked."""

    name: str
    tooltip: str
    multiline: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A field on its page; the corner and the size in points from the lower left of the page."""

    field: Field
    x: float
    y: float
    width: float
    height: float


def place(canvas: Any, field: Field, *, x: float, y: float, width: float, height: float) -> None:
    """Note where a field is to be on the page that is being drawn, in the coordinates of the drawing."""
    x, y = canvas.absolutePosition(x, y)
    canvas.fields.append(Placed(field, x, y, width, height))


def note_box(canvas: Any, name: str, *, x: float, y: float, width: float, height: float) -> None:
    """Note where a box is drawn on the page that is being drawn, for whoever looks for what is in it later."""
    x, y = canvas.absolutePosition(x, y)
    canvas.boxes.append((name, x, y, width, height))


def draw(canvas: Any, placed: list[Placed]) -> None:
    """Put the fields on the page that is being written. A field names its page, so the pages must be known by now."""
    for one in placed:
        if one.field.name == ACCEPTED:
            _draw_tick_box(canvas, one)
        else:
            _draw_text_field(canvas, one)


def let_viewers_draw(canvas: Any) -> None:
    """Say that programs which fill in the form may leave the drawing of it to the viewer.

    Not for a form that is certified: a viewer that draws all fields anew has changed it before anybody typed.
    """
    canvas.acroForm.extras["NeedAppearances"] = PDFFromString("true")


def _draw_text_field(canvas: Any, one: Placed) -> None:
    canvas.acroForm.textfield(
        name=one.field.name,
        tooltip=one.field.tooltip,
        x=one.x,
        y=one.y,
        width=one.width,
        height=one.height,
        maxlen=LONGEST[one.field.name],
        fieldFlags="multiline" if one.field.multiline else "",
        fontName="Helvetica",
        fontSize=_ANY_SIZE,
        borderWidth=0,
        borderColor=None,
        fillColor=None,
    )


def _draw_tick_box(canvas: Any, one: Placed) -> None:
    canvas.acroForm.checkbox(
        name=one.field.name,
        tooltip=one.field.tooltip,
        x=one.x,
        y=one.y,
        size=min(one.width, one.height),
        buttonStyle="cross",
        fieldFlags="",
        borderWidth=0,
        borderColor=None,
        fillColor=None,
        textColor=black,
    )


def order_by_rows(page: Any) -> None:
    """Let the tab key go through the fields of a page row by row (ISO 32000-2, 12.5.1)."""
    page.Tabs = PDFName("R")
    page.__NoDefault__ = [*page.__NoDefault__, "Tabs"]  # reportlab writes no other keys than it knows
