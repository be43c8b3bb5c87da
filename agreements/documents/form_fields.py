"""Fields of a PDF form to type into, where a blank form has a line to write on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from reportlab.pdfbase.acroform import PDFFromString
from reportlab.pdfbase.pdfdoc import PDFName

from agreements.documents.inspector.field_names import LONGEST

# Size 0: a viewer takes what fits, so that a long name is not cut when the form is printed.
_ANY_SIZE: Final = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A text field: its name (one of `field_names.LONGEST`), and what a screen reader says of it."""

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


def draw(canvas: Any, placed: list[Placed]) -> None:
    """Put the fields on the page that is being written. A field names its page, so the pages must be known by now."""
    for one in placed:
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
    if placed:
        # Programs that fill in a form may leave the drawing of what they filled in to the viewer.
        canvas.acroForm.extras["NeedAppearances"] = PDFFromString("true")


def order_by_rows(page: Any) -> None:
    """Let the tab key go through the fields of a page row by row (ISO 32000-2, 12.5.1)."""
    page.Tabs = PDFName("R")
    page.__NoDefault__ = [*page.__NoDefault__, "Tabs"]  # reportlab writes no other keys than it knows
