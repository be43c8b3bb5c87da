"""Whether the pages of a file are those of an original, wherever a program has saved them anew: by text and picture.

Each finds what the other does not: text that is hidden, a white box over it. What lies in the form fields of the
original is left out, for it is meant to change. A page that is one picture, a scan, is not compared.
"""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Any, Final, Literal

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageChops, ImageDraw, ImageFilter

DOTS_PER_INCH: Final = 100
_POINTS_PER_INCH: Final = 72
_MARGIN: Final = 3.0  # points around a field that may change with it
# Of 255, in one of red, green and blue: more than a smoothed edge changes when a page is drawn from other outlines.
_FAR: Final = 70
_MOST_FAR_PIXELS: Final = 6
# The mean of an area of so many pixels each way around one hardly changes with its edges; with pale letters it does.
_AROUND: Final = 3
_FAINT: Final = 6
_ON_SCREEN_AND_PAPER: Final = (None, "print")
_MOST_CHARACTERS: Final = 60_000
_PICTURE: Final = 0.6  # of a page's area

Box = tuple[float, float, float, float]


def compare(data: bytes, original: bytes) -> dict[str, Any]:
    """Return `pages_differ`, `pictures`, the pages that are one picture, and `faint`: lists of page numbers, from 1.

    A page too many differs, and so does one that is missing. `pages_differ` is None if all pages are pictures. `faint`
    are pages that do not differ by as much, and yet by more than two programs draw one page differently.
    """
    boxes = _fields(original)
    issued, sent = pypdfium2.PdfDocument(original), pypdfium2.PdfDocument(data)
    for document in (issued, sent):
        document.init_forms()
    differ: list[int] = []
    pictures: list[int] = []
    faint: list[int] = []
    for index in range(max(len(issued), len(sent))):
        if index < len(sent) and _is_picture(sent[index]):
            pictures.append(index + 1)
            continue
        if index >= min(len(issued), len(sent)):
            differ.append(index + 1)
            continue
        how_far = _difference(issued[index], sent[index], boxes.get(index, []))
        if how_far:
            (differ if how_far == "far" else faint).append(index + 1)
    nothing = len(pictures) == len(sent)
    return {"pages_differ": None if nothing else differ, "pictures": pictures, "faint": faint}


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


def _difference(issued: Any, sent: Any, boxes: list[Box]) -> Literal["", "faint", "far"]:
    if any(abs(one - other) > 1 for one, other in zip(issued.get_size(), sent.get_size(), strict=True)):
        return "far"
    if _text(issued, boxes) != _text(sent, boxes):
        return "far"
    looks = {_look(issued, sent, boxes, mode) for mode in _ON_SCREEN_AND_PAPER}
    return "far" if "far" in looks else "faint" if "faint" in looks else ""


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


def _look(issued: Any, sent: Any, boxes: list[Box], mode: str | None) -> Literal["", "faint", "far"]:
    one, other = (_drawn(page, boxes, mode) for page in (issued, sent))
    if one.size != other.size:
        return "far"
    if ImageChops.difference(one, other).getbbox() is None:
        return ""
    edges = ImageFilter.GaussianBlur(0.7)
    for channel in ImageChops.difference(one.filter(edges), other.filter(edges)).split():
        if sum(channel.histogram()[_FAR:]) > _MOST_FAR_PIXELS:
            return "far"
    area = ImageFilter.BoxBlur(_AROUND)
    means = ImageChops.difference(one.filter(area), other.filter(area))
    return "faint" if any(sum(channel.histogram()[_FAINT:]) for channel in means.split()) else ""


def _drawn(page: Any, boxes: list[Box], mode: str | None) -> Image.Image:
    scale = DOTS_PER_INCH / _POINTS_PER_INCH
    picture: Image.Image = page.render(scale=scale, optimize_mode=mode).to_pil().convert("RGB")
    high = page.get_size()[1]
    draw = ImageDraw.Draw(picture)
    for left, low, right, top in boxes:
        draw.rectangle((left * scale, (high - top) * scale, right * scale, (high - low) * scale), fill="white")
    return picture
