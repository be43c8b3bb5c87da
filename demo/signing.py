"""What a researcher does with the agreement: print it, tick, write name, date and signature, and scan it."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime

import pypdfium2 as pdfium
from PIL import Image, ImageDraw, ImageFont

SCALE = 200 / 72  # a scan at 200 dots per inch
INK = (20, 30, 110)
FORM_WORDS = ("Signature", "Date", "Printed name")


def print_sign_scan(issued: bytes, *, name: str) -> bytes:
    """Return the agreement as a scan: every page a picture, signed where the form says so. Raises ValueError."""
    document = pdfium.PdfDocument(issued)
    pictures, signed = [], False
    for number in range(len(document)):
        page = document[number]
        picture = page.render(scale=SCALE).to_pil().convert("RGB")
        boxes = _boxes(page)
        if boxes:
            _write(picture, boxes, name)
            signed = True
        pictures.append(picture)
    document.close()
    if not signed:
        raise ValueError("found no place to sign in the agreement")
    scan = io.BytesIO()
    pictures[0].save(scan, "PDF", save_all=True, append_images=pictures[1:], resolution=200, quality=85)
    return scan.getvalue()


def _boxes(page: pdfium.PdfPage) -> dict[str, tuple[float, float, float, float]]:
    """Return the boxes whose label begins with one of the form's words, and the tick box, in pixels from the top."""
    height = page.get_height()
    texts = page.get_textpage()
    found: dict[str, tuple[float, float, float, float]] = {}
    for drawn in page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_PATH]):
        left, bottom, right, top = drawn.get_bounds()
        wide, high = right - left, top - bottom
        pixels = (left * SCALE, (height - top) * SCALE, right * SCALE, (height - bottom) * SCALE)
        if 10 < wide < 22 and abs(wide - high) < 1.5:
            found.setdefault("tick", pixels)
        if wide < 100 or high < 30:
            continue
        label = texts.get_text_bounded(left, max(top - 18, bottom), right, top).strip()
        for word in FORM_WORDS:
            if label.startswith(word):
                found.setdefault(word, pixels)
    return found if "Signature" in found else {}


def _write(picture: Image.Image, boxes: dict[str, tuple[float, float, float, float]], name: str) -> None:
    pen = ImageDraw.Draw(picture)
    hand = ImageFont.load_default(size=34)
    for word, text in (("Printed name", name), ("Date", datetime.now(UTC).strftime("%d %B %Y"))):
        if word in boxes:
            left, top, _right, bottom = boxes[word]
            pen.text((left + 20, (top + bottom) / 2 - 12), text, fill=INK, font=hand)
    if "tick" in boxes:
        left, top, right, bottom = boxes["tick"]
        corner = (left + (right - left) * 0.4, bottom - 6)
        pen.line([(left + 6, (top + bottom) / 2), corner, (right - 3, top + 3)], fill=INK, width=6)
    left, top, right, bottom = boxes["Signature"]
    wide, high = right - left, bottom - top
    stroke = [
        (left + wide * (0.1 + 0.7 * at / 200), top + high * (0.6 - 0.28 * math.sin(at / 7) * math.cos(at / 31)))
        for at in range(200)
    ]
    pen.line(stroke, fill=INK, width=7, joint="curve")
