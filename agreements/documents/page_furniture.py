"""What stands on every page of a printed paper beside its text: header, footer; on an agreement its page code, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus.doctemplate import BaseDocTemplate, PageTemplate
from reportlab.platypus.flowables import Flowable
from reportlab.platypus.frames import Frame

from agreements.documents import fonts, form_fields
from agreements.documents.places import Place
from agreements.documents.qr import modules
from agreements.documents.typesetting import ACCENT, INK, QUIET, RULE, Style, draw_line, lines

# Measured on synthetic scans: 30 mm at level M reads better than 26 mm at level Q, since the modules are larger; three
# squares of 6 mm register a scanned page to 0.1 mm (median), which the code's own corners do not.
CODE_SIZE: Final = 30 * mm
SQUARE_SIZE: Final = 6 * mm
INSET: Final = 10 * mm
QUIET_ZONE: Final = 4  # modules, ISO/IEC 18004

MARGIN: Final = 25 * mm
HEAD: Final = 46 * mm
HEAD_WITHOUT_CODE: Final = 36 * mm
FOOT: Final = 28 * mm
WIDTH, HEIGHT = A4

_NAME: Final = Style("serif-bold", 11.5, 14.0, INK)
_SMALL: Final = Style("sans", 7.6, 10.5, QUIET)
_TINY: Final = Style("sans", 6.2, 8.5, QUIET)


@dataclass(frozen=True, slots=True)
class Furniture:
    """The texts around a page, and the code of page x of y, for a paper that comes back to be read by a machine.

    `page_name` is what a page is called that is one of another paper; without it, it is page x of y.
    """

    dataset_name: str
    kind: str
    identity: str
    fingerprint: str
    code: Callable[[int, int], str] | None = None
    page_name: str = ""

    @property
    def head(self) -> float:
        """Return how much of the page's top is not for its text, in points."""
        return float(HEAD if self.code else HEAD_WITHOUT_CODE)

    def draw(self, canvas: Canvas, page: int, pages: int) -> None:
        """Draw everything around the text of one page."""
        canvas.saveState()
        self._header(canvas)
        self._footer(canvas, page, pages)
        if self.code:
            canvas.setFillColor(black)
            draw_code(canvas, WIDTH - INSET - CODE_SIZE, HEIGHT - INSET - CODE_SIZE, self.code(page, pages))
            for x, y in square_corners():
                canvas.rect(x, y, SQUARE_SIZE, SQUARE_SIZE, stroke=0, fill=1)
        canvas.restoreState()

    def _header(self, canvas: Canvas) -> None:
        end = WIDTH - INSET - CODE_SIZE - 3 * mm if self.code else WIDTH - MARGIN
        room = end - 3 * mm - 2 * MARGIN if self.code else end - MARGIN
        names = lines(self.dataset_name, _NAME, room)[:2]
        y = HEIGHT - 16 * mm
        for line in names:
            draw_line(canvas, MARGIN, y, line, _NAME)
            y -= _NAME.leading
        draw_line(canvas, MARGIN, y - 1, self.kind, _SMALL)
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.9)
        canvas.line(MARGIN, HEIGHT - self.head + 7 * mm, end, HEIGHT - self.head + 7 * mm)

    def _footer(self, canvas: Canvas, page: int, pages: int) -> None:
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, 21.5 * mm, WIDTH - MARGIN, 21.5 * mm)
        draw_line(canvas, MARGIN, 17.2 * mm, self.identity, _SMALL)
        draw_line(canvas, MARGIN, 12.8 * mm, self.fingerprint, _TINY)
        number = self._number(page, pages)
        wide = fonts.width(number, _SMALL.family, _SMALL.size)
        draw_line(canvas, WIDTH - MARGIN - wide, 17.2 * mm, number, _SMALL)

    def _number(self, page: int, pages: int) -> str:
        values = {"page": page, "pages": pages, "name": self.page_name}
        if not self.page_name:
            return _("Page %(page)d of %(pages)d") % values
        return self.page_name if pages == 1 else _("%(name)s %(page)d of %(pages)d") % values


def verifiable() -> str:
    """Return the line under a paper of which the record holds the SHA-256: where whoever holds the file asks."""
    words = _("The portal's record holds the SHA-256 of this file. Whether it is unaltered and in force: %(address)s")
    return words % {"address": f"{settings.SITE_URL}/verify/"}


def square_corners() -> tuple[tuple[float, float], ...]:
    """Return the lower left corners of the three squares, in points from the lower left of the page."""
    far = WIDTH - INSET - SQUARE_SIZE
    return ((INSET, HEIGHT - INSET - SQUARE_SIZE), (INSET, INSET), (far, INSET))


def draw_code(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Draw a code of 30 mm, quiet zone included, as one path: one fill, no seams between modules."""
    matrix = modules(text)
    side = CODE_SIZE / (len(matrix) + 2 * QUIET_ZONE)
    path = canvas.beginPath()
    for row, dark_modules in enumerate(matrix):
        top = y + CODE_SIZE - (row + QUIET_ZONE) * side
        column = 0
        while column < len(dark_modules):
            start = column
            while column < len(dark_modules) and dark_modules[column]:
                column += 1
            if column > start:
                path.rect(x + (start + QUIET_ZONE) * side, top - side, (column - start) * side, side)
            column += 1
    canvas.drawPath(path, stroke=0, fill=1)


class NumberedCanvas(Canvas):
    """A canvas that keeps its pages until all are known, since each page's code names their number."""

    furniture: Furniture
    places: dict[str, Place]
    certified_later: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[dict[str, Any]] = []
        self.fields: list[form_fields.Placed] = []
        self.boxes: list[tuple[str, float, float, float, float]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._kept.append(dict(self.__dict__))
        self.fields, self.boxes = [], []
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._kept, start=1):
            # Fields are only made now, when their pages are; each has a number of its own in the file.
            self.__dict__.update(state | {"_annotationCount": self._annotationCount})
            self.furniture.draw(self, number, len(self._kept))
            form_fields.draw(self, self.fields)
            if self.fields and not self.certified_later:
                form_fields.let_viewers_draw(self)
            self.places |= {name: Place(number, *box) for name, *box in self.boxes}
            super().showPage()
        super().save()

    def _setAnnotations(self, page: Any) -> None:  # noqa: N802 - reportlab's name
        super()._setAnnotations(page)
        if self.fields:
            form_fields.order_by_rows(page)


def build(pieces: list[Flowable], furniture: Furniture, *, title: str) -> bytes:
    """Return a PDF with these pieces flowing over its pages. The same pieces and furniture give the same bytes."""
    return build_with_places(pieces, furniture, title=title)[0]


def build_with_places(
    pieces: list[Flowable], furniture: Furniture, *, title: str, certified_later: bool = False
) -> tuple[bytes, dict[str, Place]]:
    """Return a PDF and where its boxes are, by name. `certified_later`: nothing may ask a viewer to draw it anew."""
    places: dict[str, Place] = {}
    known = {"furniture": furniture, "places": places, "certified_later": certified_later}
    out = BytesIO()
    head = furniture.head
    frame = Frame(MARGIN, FOOT, WIDTH - 2 * MARGIN, HEIGHT - head - FOOT, 0, 0, 0, 0, id="text")
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        pageTemplates=[PageTemplate(id="page", frames=[frame])],
        title=title,
        author="Countersign",
        subject=furniture.identity,
        creator="Countersign",
        lang="en",
        invariant=1,
    )
    document.build(pieces, canvasmaker=type("Canvas", (NumberedCanvas,), known))
    return out.getvalue(), places
