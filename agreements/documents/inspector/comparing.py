"""Whether the pages of a file are those of an original, wherever a program has saved them anew: by text and picture.

Each finds what the other does not: text that is hidden, a white box over it. What lies in the form fields of the
original is left out, for it is meant to change. A page that is one picture, a scan, is not compared.
"""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Any, Final

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageChops, ImageDraw, ImageFilter

DOTS_PER_INCH: Final = 100
_POINTS_PER_INCH: Final = 72
_MARGIN: Final = 3.0  # points around a field that may change with it
_FAR: Final = 70  # of 255: more than a smoothed edge changes when a page is drawn from other fonts' outlines
_MOST_FAR_PIXELS: Final = 6
_MOST_CHARACTERS: Final = 60_000
_PICTURE: Final = 0.6  # of a page's area

Box = tuple[float, float, float, float]


def compare(data: bytes, original: bytes) -> dict[str, Any]:
    """Return `pages_differ` (from 1) and `pictures`, the pages that are one picture. Both are lists of page numbers.

    A page too many differs, and so does one that is missing. `pages_differ` is None if all pages are pictures.
    """
    boxes = _fields(original)
    issued, sent = pypdfium2.PdfDocument(original), pypdfium2.PdfDocument(data)
    for document in (issued, sent):
        document.init_forms()
    differ, pictures = [], []
    for index in range(max(len(issued), len(sent))):
        if index < len(sent) and _is_picture(sent[index]):
            pictures.append(index + 1)
        elif index >= min(len(issued), len(sent)) or _differs(issued[index], sent[index], boxes.get(index, [])):
            differ.append(index + 1)
    nothing = len(pictures) == len(sent)
    return {"pages_differ": None if nothing else differ, "pictures": pictures}


def _fields(original: bytes) -> dict[int, list[Box]]:
    """Return where the form fields of our own file are, by the index of their page."""
    with pikepdf.open(BytesIO(original)) as pdf:
        return {
            index: [_box(one.Rect) for one in page.get("/Annots", ()) if one.get("/Subtype") == pikepdf.Name.Widget]
            for index, page in enumerate(pdf.pages)
        }


def _box(rectangle: Any) -> Box:
    left, low, right, high = (float(edge) for edge in rectangle)
    return left - _MARGIN, low - _MARGIN, right + _MARGIN, high + _MARGIN


def _is_picture(page: Any) -> bool:
    wide, high = page.get_size()
    for thing in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, low, right, top = thing.get_bounds()
        if (right - left) * (top - low) >= _PICTURE * wide * high:
            return True
    return False


def _differs(issued: Any, sent: Any, boxes: list[Box]) -> bool:
    if any(abs(one - other) > 1 for one, other in zip(issued.get_size(), sent.get_size(), strict=True)):
        return True
    return _text(issued, boxes) != _text(sent, boxes) or _looks_different(issued, sent, boxes)


def _text(page: Any, boxes: list[Box]) -> str | None:
    """Return the letters of a page outside of the boxes, without spaces; None if there are too many to read."""
    textpage = page.get_textpage()
    count = textpage.count_chars()
    if count > _MOST_CHARACTERS:
        return None
    letters = []
    for at in range(count):
        letter = chr(pdfium.FPDFText_GetUnicode(textpage, at))
        if unicodedata.category(letter)[0] in "CZ":
            continue
        left, low, right, high = textpage.get_charbox(at)
        across, up = (left + right) / 2, (low + high) / 2
        if not any(box[0] <= across <= box[2] and box[1] <= up <= box[3] for box in boxes):
            letters.append(letter)
    return "".join(letters)


def _looks_different(issued: Any, sent: Any, boxes: list[Box]) -> bool:
    one, other = (_drawn(page, boxes) for page in (issued, sent))
    if one.size != other.size:
        return True
    far = ImageChops.difference(one, other).histogram()[_FAR:]
    return sum(far) > _MOST_FAR_PIXELS


def _drawn(page: Any, boxes: list[Box]) -> Image.Image:
    scale = DOTS_PER_INCH / _POINTS_PER_INCH
    picture: Image.Image = page.render(scale=scale).to_pil().convert("L").filter(ImageFilter.GaussianBlur(0.7))
    high = page.get_size()[1]
    draw = ImageDraw.Draw(picture)
    for left, low, right, top in boxes:
        draw.rectangle((left * scale, (high - top) * scale, right * scale, (high - low) * scale), fill=255)
    return picture
