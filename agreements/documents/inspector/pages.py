"""The pages of a PDF as pictures, and the codes that are printed on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from agreements.documents.inspector.limits import LONGEST_CODE, MARK, MOST_CODES

_POINTS_PER_INCH: Final = 72
_A4_LONG_POINTS: Final = 842
_WIDEST: Final = 1800
_FINE_DOTS_PER_INCH: Final = 200
_FINE_PIXELS: Final = 9_000_000

_FORMATS: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

Image.MAX_IMAGE_PIXELS = None  # the pictures are our own renderings, whose size is capped here


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its number from 1, the picture's size in pixels, the texts of its codes, the picture."""

    number: int
    width: int
    height: int
    codes: list[str]
    png: bytes


def pages(
    data: bytes, *, dots_per_inch: int, max_pixels: int, show_typed: bool = True, read_codes: bool = True
) -> Iterator[Page]:
    """Yield each page. Raises pypdfium2.PdfiumError for a page that cannot be read.

    What was typed into a form is seen only with `show_typed`; with 100,000 fields that takes minutes.
    """
    document = pypdfium2.PdfDocument(data)
    if show_typed:
        with contextlib.suppress(pypdfium2.PdfiumError):
            document.init_forms()
    for index in range(len(document)):
        page = document[index]
        picture = _render(page, dots_per_inch, max_pixels).convert("RGB")
        out = BytesIO()
        picture.save(out, "PNG", compress_level=5)
        codes = _codes(page, picture, dots_per_inch) if read_codes else []
        yield Page(index + 1, picture.width, picture.height, codes, out.getvalue())
        page.close()


def rendered(data: bytes, *, dots_per_inch: int) -> Iterator[Image.Image]:
    """Yield each page as a picture, with what was typed into its form. Raises pypdfium2.PdfiumError."""
    document = pypdfium2.PdfDocument(data)
    with contextlib.suppress(pypdfium2.PdfiumError):
        document.init_forms()
    for index in range(len(document)):
        page = document[index]
        yield _render(page, dots_per_inch, _FINE_PIXELS, widest=4000).convert("RGB")
        page.close()


def _render(page: Any, dots_per_inch: int, max_pixels: int, *, widest: int = _WIDEST) -> Image.Image:
    """Render at a resolution counted on a sheet of A4, whatever size the page claims, within the caps."""
    wide, high = (max(1.0, float(side)) for side in page.get_size())
    scale = dots_per_inch / _POINTS_PER_INCH
    if max(wide, high) < _A4_LONG_POINTS * 0.6:  # a scan that was saved as a stamp
        scale *= _A4_LONG_POINTS / max(wide, high)
    scale = min(scale, widest / wide, (max_pixels / (wide * high)) ** 0.5)
    if wide * scale < 1 or high * scale < 1 or max(wide, high) * scale > 20_000:
        raise pypdfium2.PdfiumError("a page of impossible proportions")
    return page.render(scale=scale).to_pil()  # type: ignore[no-any-return]


def _codes(page: Any, picture: Image.Image, dots_per_inch: int) -> list[str]:
    """Return the texts of a page's QR codes; tries harder while none of ours was found."""
    found: list[str] = []
    for attempt in _attempts(page, picture, dots_per_inch):
        for code in zxingcpp.read_barcodes(attempt, formats=_FORMATS):
            text = code.text[:LONGEST_CODE]
            if text not in found:
                found.append(text)
        if any(text.startswith(MARK) for text in found):
            break
    return found[:MOST_CODES]


def _attempts(page: Any, picture: Image.Image, dots_per_inch: int) -> Iterator[Image.Image]:
    gray = picture.convert("L")
    yield gray
    fine = _render(page, max(_FINE_DOTS_PER_INCH, dots_per_inch), _FINE_PIXELS, widest=4000).convert("L")
    yield fine
    yield ImageOps.autocontrast(fine).filter(ImageFilter.UnsharpMask(radius=4, percent=250, threshold=2))
    yield gray.resize((gray.width * 2, gray.height * 2), Image.Resampling.BICUBIC)
