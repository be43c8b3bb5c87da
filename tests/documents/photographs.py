"""What a telephone makes of a printed page: pictures on a table, turned, in perspective, with everything they tell."""

from __future__ import annotations

import random
import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from agreements.documents import papers as kept
from agreements.documents.inspector.frames import Limits
from agreements.documents.inspector.papers import PutTogether, put_together
from tests.services import tools

LIMITS = Limits()
TABLE = (122, 92, 64)
CAMERA = "Telephone of Alice"
_GPS, _MODEL, _ORIENTATION = 0x8825, 0x0110, 0x0112
_DARK = 60


def made_of(*files: bytes, limits: Limits = LIMITS) -> PutTogether:
    """Put files together in this process, as `inspect` does in its child."""
    return put_together(kept.bundle(files), limits)


def on_a_table(sheet: Image.Image, *, lean: float = 0.0, seed: int = 1) -> Image.Image:
    """A sheet on a table with a shadow over it; `lean` (0 to 0.1) is how much narrower its far edge is."""
    sheet = sheet.convert("RGB")
    wide, high = sheet.size
    edge = wide // 10
    table = Image.new("RGB", (wide + 2 * edge, high + 2 * edge), TABLE)
    table.paste(sheet, (edge, edge))
    if lean:
        far = int(table.width * lean)
        corners = (-far, -far, -far // 3, table.height, table.width + far // 3, table.height, table.width + far, -far)
        table = table.transform(table.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=TABLE)
    shadow = Image.linear_gradient("L").resize(table.size).point(lambda level: level * _DARK // 255)
    table.paste((0, 0, 0), mask=shadow)
    grain = random.Random(seed)
    pen = ImageDraw.Draw(table)
    for _ in range(300):
        pen.point((grain.randrange(table.width), grain.randrange(table.height)), fill=(90, 90, 90))
    return table


def jpeg(picture: Image.Image, *, orientation: int = 1, **options: Any) -> bytes:
    """A JPEG with where it was taken and by whose camera."""
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MODEL] = orientation, CAMERA
    exif[_GPS] = {1: "N", 2: (22.0, 20.0, 11.0), 3: "E", 4: (114.0, 15.0, 50.0)}
    return saved(picture, "JPEG", quality=85, exif=exif, **options)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def heic(picture: Image.Image, folder: Path, *, turned: int = 0) -> bytes:
    """A HEIC file by libheif's own program; `turned` by a box in the file, as telephones do, counter-clockwise."""
    source, made = folder / "page.png", folder / "page.heic"
    # Of odd sizes the program makes a picture within a picture.
    picture.crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2)).save(source)
    command = [tools.path_of("heif-enc"), "-q", "60", "-p", "preset=ultrafast", "-o", str(made), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    data = made.read_bytes()
    return _with_rotation(data, turned // 90) if turned else data


def _with_rotation(data: bytes, quarters: int) -> bytes:
    """The file with an `irot` property added to its picture (ISO/IEC 23008-12, 6.5.10)."""
    boxes = _boxes(data)
    meta = boxes[b"meta"]
    inner = _boxes(meta[4:])
    iprp = _boxes(inner[b"iprp"])
    ipco = iprp[b"ipco"] + _box(b"irot", bytes([quarters]))
    number = len(list(_each(ipco)))
    ipma = bytearray(iprp[b"ipma"])
    # One picture: version and flags, entry count, item id, count of properties, properties of one byte.
    assert struct.unpack_from(">IIHB", ipma)[:2] == (0, 1)
    ipma[10] += 1
    ipma.append(0x80 | number)
    inner[b"iprp"] = _box(b"ipco", ipco) + _box(b"ipma", bytes(ipma))
    grown = len(_box(b"ipco", ipco)) + len(ipma) + 8 - len(_box(b"ipco", iprp[b"ipco"])) - len(iprp[b"ipma"]) - 8
    inner[b"iloc"] = _moved(inner[b"iloc"], by=grown)
    boxes[b"meta"] = meta[:4] + b"".join(_box(name, body) for name, body in inner.items())
    return b"".join(_box(name, body) for name, body in boxes.items())


def _moved(iloc: bytes, *, by: int) -> bytes:
    """The places of the items (8.11.3), each `by` bytes later; version 0, one item of one extent, offsets of 4."""
    moved = bytearray(iloc)
    assert moved[:4] == b"\0\0\0\0"
    assert moved[4] >> 4 == 4
    assert struct.unpack_from(">H", moved, 6)[0] == 1
    base = 4 * bool(moved[5] >> 4)
    at = 8 + 2 + 2 + (0 if base else 2)
    if base and struct.unpack_from(">I", moved, at)[0] == 0:
        at += base + 2
    (offset,) = struct.unpack_from(">I", moved, at)
    struct.pack_into(">I", moved, at, offset + by)
    return bytes(moved)


def _each(data: bytes) -> Any:
    at = 0
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + length]
        at += length


def _boxes(data: bytes) -> dict[bytes, bytes]:
    return dict(_each(data))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, name) + body


def png_that_says(wide: int, high: int) -> bytes:
    """A PNG whose head declares a size, with a line of pixels and no more."""
    return _png(wide, high, zlib.compress(bytes(1000)))


def png_bomb(wide: int, high: int) -> bytes:
    """A PNG of a few kilobytes with every pixel that its head declares, all of them black."""
    squeeze = zlib.compressobj(9)
    line = bytes(1 + wide * 3)
    return _png(wide, high, b"".join(squeeze.compress(line) for _ in range(high)) + squeeze.flush())


def png_with_text_bomb() -> bytes:
    """A PNG of one pixel with 200 MB of text in it, compressed."""
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    return _png(1, 1, zlib.compress(bytes(4)), before=text)


def _png(wide: int, high: int, pixels: bytes, *, before: bytes = b"") -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + before + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
