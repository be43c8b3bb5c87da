"""The one kind of PNG that `inspect` makes, taken apart without decoding it (ISO/IEC 15948).

Whatever else a PNG may be, interlaced, animated, with a head that says another size later, is a way to have a decoder
do more than the size tells: it is refused.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = struct.Struct(">IIBBBBB")
# Samples of a pixel by the type of colour: grey, and red, green and blue.
_SAMPLES: Final = {0: 1, 2: 3}
_STEP: Final = 65_536


@dataclass(frozen=True, slots=True)
class PlainPng:
    """Size in pixels, samples of 8 bits per pixel (1 or 3), and the compressed lines, each with its filter's byte."""

    width: int
    height: int
    samples: int
    lines: bytes


def taken_apart(png: bytes) -> PlainPng:
    """Return the parts of a PNG of grey or RGB, 8 bits, not interlaced. Raises ValueError for any other."""
    if not png.startswith(_MAGIC):
        raise ValueError("not a PNG")
    chunks = _chunks(png)
    names = [name for name, _content in chunks]
    if len(names) < 3 or names[0] != b"IHDR" or names[-1] != b"IEND" or {*names[1:-1]} != {b"IDAT"}:
        raise ValueError("not the chunks of a plain PNG")
    if len(chunks[0][1]) != _HEAD.size or chunks[-1][1]:
        raise ValueError("not the head or the end of a PNG")
    width, height, bits, colour, *methods = _HEAD.unpack(chunks[0][1])
    if not width or not height or bits != 8 or colour not in _SAMPLES or methods != [0, 0, 0]:
        raise ValueError("not a plain PNG")
    return PlainPng(width, height, _SAMPLES[colour], b"".join(content for _name, content in chunks[1:-1]))


def check_lines(picture: PlainPng) -> None:
    """Raise ValueError unless the lines unpack to just what the size says. Unpacks in pieces, keeping none."""
    left = picture.height * (1 + picture.width * picture.samples)
    unpacking = zlib.decompressobj()
    waiting = picture.lines
    try:
        while not unpacking.eof:
            piece = unpacking.decompress(waiting, _STEP)
            left -= len(piece)
            if left < 0 or not (piece or unpacking.unconsumed_tail or unpacking.eof):
                break
            waiting = unpacking.unconsumed_tail
    except zlib.error as wrong:
        raise ValueError("lines that do not unpack") from wrong
    if left or not unpacking.eof or unpacking.unused_data:
        raise ValueError("not as many pixels as the size says")


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and contents to the last byte. Their checksums are for whoever draws them."""
    found: list[tuple[bytes, bytes]] = []
    at = len(_MAGIC)
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at) if at + 12 <= len(png) else (len(png), b"")
        if at + 12 + length > len(png):
            raise ValueError("a PNG that ends too early")
        found.append((name, png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found
