"""A line printed onto pages of ours that go into another paper, where they could be taken for what they are not."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from agreements.documents.page_furniture import HEIGHT, MARGIN, WIDTH
from agreements.documents.places import Place
from agreements.documents.typesetting import ACCENT, Style, draw_line, lines

_LINE: Final = Style("sans", 7.6, 10.5, ACCENT)
_BESIDE: Final = Style("sans", 9.0, 12.0, ACCENT)
_BASELINE: Final = 8.2 * mm  # under the footer, between the squares that a scan is registered by


def stamped(pdf: bytes, words: str, *, box: Place | None = None, in_box: str = "") -> bytes:
    """Return a PDF of ours with `words` under the foot of each page, and `in_box` in a box that stays empty otherwise.

    It prints on A4 alone, as every paper of ours is. The same values give the same bytes.
    """
    # Loaded only where papers are put together: it would slow down the start of every command.
    import pikepdf

    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as source:
        count = len(source.pages)
        with pikepdf.open(BytesIO(_lines(count, words, box, in_box))) as over:
            for page, line in zip(source.pages, over.pages, strict=True):
                page.add_overlay(line, pikepdf.Rectangle(0, 0, WIDTH, HEIGHT))
            source.save(out, deterministic_id=True)
    return out.getvalue()


def _lines(count: int, words: str, box: Place | None, in_box: str) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    for number in range(1, count + 1):
        for line in lines(words, _LINE, WIDTH - 2 * MARGIN)[:1]:
            draw_line(canvas, MARGIN, _BASELINE, line, _LINE)
        if box is not None and box.page == number:
            _fill(canvas, box, in_box)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _fill(canvas: Canvas, box: Place, words: str) -> None:
    edge = 4 * mm
    set_lines = lines(words, _BESIDE, box.width - 2 * edge)
    y = box.y + box.height / 2 + (len(set_lines) / 2 - 1) * _BESIDE.leading
    for line in set_lines:
        draw_line(canvas, box.x + edge, y, line, _BESIDE)
        y -= _BESIDE.leading
