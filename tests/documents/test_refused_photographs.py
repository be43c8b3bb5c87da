"""What is no picture, damaged, too large or too much among several files is refused, by its number."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from agreements.documents.inspector.frames import Limits
from agreements.documents.inspector.papers import put_together
from agreements.documents.inspector.structure import Refused
from tests.documents import hostile, photographs
from tests.documents.papers import bound
from tests.documents.photographs import LIMITS, heic, jpeg, made_of, png_bomb, png_that_says, saved


def refusal(*files: bytes, limits: Limits = LIMITS) -> tuple[str, int | None]:
    with pytest.raises(Refused) as refused:
        made_of(*files, limits=limits)
    return refused.value.code, refused.value.values.get("file")


NO_PICTURES = {
    "a program": b"MZ\x90\x00" + bytes(600),
    "a text": b"Dear lab, I agree.",
    "nothing at all": b"",
    "a page of the web": b"<!doctype html><script>alert(1)</script>",
    "an svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "a gif": saved(Image.new("RGB", (200, 200)), "GIF"),
    "a tiff": saved(Image.new("RGB", (200, 200)), "TIFF"),
    "a webp": saved(Image.new("RGB", (200, 200)), "WEBP"),
    "an avif": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + bytes(100),
    "a film": b"\0\0\0\x20ftypqt  " + bytes(100),
    "a postscript": b"%!PS-Adobe-3.0\nshowpage\n",
}


@pytest.mark.parametrize("what", NO_PICTURES)
def test_what_is_no_picture_is_refused_by_its_number_whatever_its_name(shots: list[bytes], what: str) -> None:
    assert refusal(shots[0], shots[1], NO_PICTURES[what]) == ("not-a-picture", 3)


@cache
def damaged() -> dict[str, bytes]:
    sheet = Image.effect_noise((600, 800), 40).convert("RGB")
    shot, scan = jpeg(sheet), saved(sheet, "PNG")
    return {
        "a jpeg that was cut off": shot[: len(shot) // 2],
        "the head of a jpeg": shot[:600],
        "a png that was cut off": scan[: len(scan) // 2],
        "the first bytes of a heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500),
        "an avif that says mif1": b"\0\0\0\x20ftypmif1\0\0\0\0avifmif1miaf" + bytes(100),
        "a png with a bomb of text": photographs.png_with_text_bomb(),
    }


@pytest.mark.parametrize("what", damaged())
def test_a_damaged_picture_is_refused_by_its_number(shots: list[bytes], what: str) -> None:
    assert refusal(shots[0], damaged()[what]) == ("picture-damaged", 2)


def jpeg_that_says(wide: int, high: int) -> bytes:
    """A JPEG whose frame declares another size than it has."""
    data = bytearray(saved(Image.new("RGB", (64, 64), "white"), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, high, wide)
    return bytes(data)


def heic_that_says(folder: Path, wide: int, high: int) -> bytes:
    """A HEIC whose picture declares another size than it has."""
    data = bytearray(heic(Image.new("RGB", (64, 64), "white"), folder))
    at = -1
    while (at := data.find(b"ispe", at + 1)) != -1:
        struct.pack_into(">II", data, at + 8, wide, high)
    return bytes(data)


def test_a_picture_that_declares_20000_by_20000_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    assert refusal(png_that_says(20_000, 20_000)) == ("picture-too-large", 1)
    assert refusal(jpeg_that_says(20_000, 20_000)) == ("picture-too-large", 1)
    assert refusal(jpeg_that_says(60_000, 10)) == ("picture-too-large", 1)
    code, file = refusal(heic_that_says(tmp_path, 20_000, 20_000))
    assert (code in {"picture-too-large", "picture-damaged"}, file) == (True, 1)


def test_a_bomb_is_refused_by_its_head(shots: list[bytes]) -> None:
    bomb = png_bomb(9_000, 9_000)
    assert len(bomb) < 300_000
    assert refusal(shots[0], bomb) == ("picture-too-large", 2)


def test_more_pages_than_are_looked_at_are_refused_at_the_file_that_is_too_many(
    shots: list[bytes], sheets: list[Image.Image]
) -> None:
    few = Limits(max_pages=2)
    assert refusal(*shots, limits=few) == ("too-many-pages", 3)
    assert refusal(shots[0], bound(sheets), limits=few) == ("too-many-pages", 2)
    assert refusal(shots[0], shots[1], bound(sheets), limits=few) == ("too-many-pages", 3)


def test_a_pdf_that_cannot_be_read_is_refused_by_its_number(shots: list[bytes]) -> None:
    assert refusal(shots[0], hostile.encrypted(user="secret")) == ("encrypted", 2)
    assert refusal(b"%PDF-1.7\nnot much of one", shots[0]) == ("damaged", 1)


def test_forty_one_files_and_what_is_no_bundle_are_refused(shots: list[bytes]) -> None:
    assert refusal(*[shots[0]] * 41)[0] == "file-count"
    for data in (b"", b"PK\x03\x04 and no more", shots[0], zlib.compress(bytes(100))):
        with pytest.raises(Refused, match="not-a-bundle"):
            put_together(data, LIMITS)
