"""The pictures that `inspect` drew of a signed copy, as pages of a PDF, each with a line that says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from agreements.documents import fonts, plain_png
from agreements.documents.page_furniture import HEIGHT, WIDTH
from agreements.documents.plain_png import PlainPng
from agreements.documents.typesetting import QUIET, RULE, Style, draw_line, lines

_LINE: Final = Style("sans", 6.8, 9.0, QUIET)
_EDGE: Final = 8 * mm
_FOOT: Final = 15 * mm
_NAME: Final = "/SignedCopy"


def picture_pages(pictures: Sequence[bytes], *, captions: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF with a page of A4 for each PNG, and its caption of one or two lines under it.

    The pictures go in as they are, not decoded. The same pictures and captions give the same bytes. Raises ValueError
    for what is not the kind of PNG that `inspect` makes.
    """
    if not pictures:
        raise ValueError("there is no picture")
    # Loaded only where an agreement is put together: it would slow down the start of every command.
    import pikepdf

    drawn = [plain_png.taken_apart(picture) for picture in pictures]
    sizes = [(each.width, each.height) for each in drawn]
    out = BytesIO()
    with pikepdf.open(BytesIO(_captions(sizes, captions))) as pages:
        for page, picture, size in zip(pages.pages, drawn, sizes, strict=True):
            page.add_resource(_image(pages, picture), pikepdf.Name.XObject, pikepdf.Name(_NAME))
            x, y, width, height = _box(size)
            placed = f"q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm {_NAME} Do Q"
            page.contents_add(placed.encode(), prepend=True)
        pages.save(out, deterministic_id=True)
    return out.getvalue()


def _image(pdf: Any, picture: PlainPng) -> Any:
    """Return a picture as an image of a PDF (pikepdf.Pdf): it takes the lines of a PNG as they are.

    ISO 32000-2, 7.4.4.4: with a predictor of 10 and more each line begins with the number of its filter, as PNG has it.
    """
    import pikepdf

    return pikepdf.Stream(
        pdf,
        picture.lines,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceRGB if picture.samples == 3 else pikepdf.Name.DeviceGray,
        BitsPerComponent=8,
        Filter=pikepdf.Name.FlateDecode,
        DecodeParms=pikepdf.Dictionary(Predictor=15, Colors=picture.samples, BitsPerComponent=8, Columns=picture.width),
    )


def _captions(sizes: Sequence[tuple[int, int]], captions: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF with the captions and a frame for each picture, drawn in our own fonts."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    for size, caption in zip(sizes, captions, strict=True):
        wide, _high = _paper(size)
        canvas.setPageSize(_paper(size))
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        canvas.rect(*_box(size), stroke=1, fill=0)
        y = _FOOT - 4 * mm
        for words in caption:
            for line in lines(fonts.printable(words), _LINE, wide - 2 * _EDGE)[:1]:
                draw_line(canvas, _EDGE, y, line, _LINE)
                y -= _LINE.leading
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _paper(size: tuple[int, int]) -> tuple[float, float]:
    """Return the size of the page in points: A4, lying if the picture does."""
    return (HEIGHT, WIDTH) if size[0] > size[1] else (WIDTH, HEIGHT)


def _box(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return where a picture stands, in points: lower left corner, width and height; as large as there is room."""
    (wide, high), (width, height) = _paper(size), size
    scale = min((wide - 2 * _EDGE) / width, (high - _EDGE - _FOOT) / height)
    return (
        (wide - width * scale) / 2,
        _FOOT + (high - _EDGE - _FOOT - height * scale) / 2,
        width * scale,
        height * scale,
    )
