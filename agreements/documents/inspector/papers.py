"""Several files as one PDF: photographs and scans of pages, in the order that the codes on them say.

In: an uncompressed ZIP of files as they were sent. Every page comes out as a JPEG made here, on a sheet of A4, so that
nothing of the files but what can be seen on them gets into the PDF.
"""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import img2pdf
import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from agreements.documents.inspector import photographs
from agreements.documents.inspector.frames import MAX_FILE, Limits
from agreements.documents.inspector.kinds import HEAD, MOST_FILES, kind_of
from agreements.documents.inspector.limits import LONGEST_CODE, MARK, MOST_CODES
from agreements.documents.inspector.structure import Refused, screen

codecs.lookup("cp437")  # of the names in a ZIP; once the process is cut off it finds no module any more

_FORMATS: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

# 150 dots per inch on A4, and a little more for the table around a photographed page.
_KEPT_LONGEST: Final = 1900
_QUALITY: Final = 80
_PDF_DOTS_PER_INCH: Final = 200
_A4: Final = (210 / 25.4 * 72, 297 / 25.4 * 72)  # points


@dataclass(frozen=True, slots=True)
class PutTogether:
    """The PDF; for each of its pages the file it came from (from 1) and the texts of its codes; flags of the files."""

    pdf: bytes = field(repr=False)
    sources: list[int]
    codes: list[list[str]]
    flags: list[str]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One page as it will stand in the PDF. `number` is what its code claims; 0 where none was read."""

    source: int
    number: int
    codes: list[str]
    jpeg: bytes = field(repr=False)


def put_together(data: bytes, limits: Limits) -> PutTogether:
    """Return one PDF of all pages in a bundle. Raises Refused; `file` among its values is the number of the file."""
    sheets: list[_Sheet] = []
    flags: set[str] = set()
    for source, content in enumerate(_files(data), start=1):
        try:
            for picture in _pictures(content, flags, left=limits.max_pages - len(sheets)):
                sheets.append(_sheet(picture, source))
        except Refused as refusal:
            raise Refused(refusal.code, **(refusal.values | {"file": source})) from None
    ordered = in_order(sheets)
    return PutTogether(
        _bound([sheet.jpeg for sheet in ordered]),
        [sheet.source for sheet in ordered],
        [sheet.codes for sheet in ordered],
        sorted(flags),
    )


def in_order(sheets: list[_Sheet]) -> list[_Sheet]:
    """Return the sheets by the numbers on them. One whose code could not be read stays behind what was sent before."""
    runs: list[list[_Sheet]] = []
    for sheet in sheets:
        if sheet.number or not runs:
            runs.append([sheet])
        else:
            runs[-1].append(sheet)
    return [sheet for run in sorted(runs, key=lambda run: run[0].number) for sheet in run]


def _files(data: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as bundle:
            members = bundle.infolist()
            stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
            if not stored or sum(member.file_size for member in members) > MAX_FILE:
                raise Refused("not-a-bundle")
            if not 1 <= len(members) <= MOST_FILES:
                raise Refused("file-count", files=len(members), most=MOST_FILES)
            for member in members:
                yield bundle.read(member)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError):
        raise Refused("not-a-bundle") from None


def _pictures(content: bytes, flags: set[str], *, left: int) -> Iterator[Image.Image]:
    """Yield the pages of one file."""
    kind = kind_of(content[:HEAD])
    if not kind:
        raise Refused("not-a-picture")
    if kind == "pdf":
        yield from _pages(content, flags, left=left)
        return
    if left < 1:
        raise Refused("too-many-pages")
    yield photographs.decoded(content, kind)


def _pages(content: bytes, flags: set[str], *, left: int) -> Iterator[Image.Image]:
    """Yield the pages of a PDF as pictures: a scan, or a page that was exported."""
    from agreements.documents.inspector.pages import rendered

    try:
        flags.update(screen(content, max_pages=max(left, 1)))
        if left < 1:
            raise Refused("too-many-pages")
        yield from rendered(content, dots_per_inch=_PDF_DOTS_PER_INCH)
    except Refused as refusal:
        raise Refused("too-many-pages" if refusal.code == "page-count" else refusal.code) from None
    except pypdfium2.PdfiumError:
        raise Refused("damaged") from None


def _sheet(picture: Image.Image, source: int) -> _Sheet:
    codes, orientation = _codes(picture)
    upright = _turned(picture, orientation)
    if max(upright.size) > _KEPT_LONGEST:
        upright = ImageOps.contain(upright, (_KEPT_LONGEST, _KEPT_LONGEST), method=Image.Resampling.LANCZOS)
    out = BytesIO()
    upright.save(out, "JPEG", quality=_QUALITY, optimize=False)
    return _Sheet(source, _number(codes), codes, out.getvalue())


def _codes(picture: Image.Image) -> tuple[list[str], int]:
    """Return the texts of a picture's codes, and by how many degrees ours is turned; tries harder until one is ours."""
    found: list[str] = []
    for attempt in _attempts(picture):
        orientation = None
        for code in zxingcpp.read_barcodes(attempt, formats=_FORMATS):
            text = code.text[:LONGEST_CODE]
            if text not in found:
                found.append(text)
            if text.startswith(MARK) and orientation is None:
                orientation = int(code.orientation)
        if orientation is not None:
            return found[:MOST_CODES], orientation
    return found[:MOST_CODES], 0


def _attempts(picture: Image.Image) -> Iterator[Image.Image]:
    gray = picture.convert("L")
    if max(gray.size) > 2000:
        yield gray.reduce(2)
    yield gray
    even = ImageOps.autocontrast(gray, cutoff=2)
    yield even.filter(ImageFilter.UnsharpMask(radius=4, percent=250, threshold=2))
    if max(gray.size) <= 2000:
        yield even.resize((gray.width * 2, gray.height * 2), Image.Resampling.BICUBIC)


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    how = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
    turn = how.get(round(orientation / 90) * 90 % 360)
    return picture if turn is None else picture.transpose(turn)


def _number(codes: list[str]) -> int:
    """Return the page number that a code of ours claims (see `documents/qr.py`), 0 if there is none."""
    for text in codes:
        parts = text.split(":")
        if text.startswith(MARK) and len(parts) == 8 and parts[4].isascii() and parts[4].isdigit():
            return int(parts[4][:6])
    return 0


def _bound(jpegs: list[bytes]) -> bytes:
    untyped: Any = img2pdf
    layout = untyped.get_layout_fun(pagesize=_A4, fit=untyped.FitMode.into, auto_orient=True)
    bound: bytes = untyped.convert(jpegs, layout_fun=layout, nodate=True, engine=untyped.Engine.internal)
    return bound
