"""Only the kind of PNG that `inspect` makes is believed: what a decoder could be tricked with is refused unread."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from agreements.documents import inspection, plain_png
from agreements.documents.copy_pages import picture_pages
from agreements.documents.inspector import child, frames
from agreements.documents.inspector.child import Answer

WIDE, HIGH = 30, 20
START = b"\x89PNG\r\n\x1a\n"
BLACK = bytes(HIGH * (1 + 3 * WIDE))


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def head(wide: int = WIDE, high: int = HIGH, *, bits: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, bits, colour, 0, 0, interlaced))


def png(*before: bytes, lines: bytes = BLACK, after: bytes = b"") -> bytes:
    return START + b"".join(before) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"") + after


def saved(mode: str = "RGB", **more: Any) -> bytes:
    out = BytesIO()
    Image.effect_mandelbrot((WIDE, HIGH), (-2, -1.2, 1, 1.2), 50).convert(mode).save(out, "PNG", **more)
    return out.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a second head with another size": lambda: png(head(interlaced=1), head(13300, 13300, interlaced=1)),
    "a second head, nothing interlaced": lambda: png(head(), head(13300, 13300)),
    "interlaced": lambda: png(head(interlaced=1)),
    "animated": lambda: png(head(), chunk(b"acTL", struct.pack(">II", 5000, 0))),
    "a text that unpacks": lambda: png(head(), chunk(b"zTXt", b"t\0\0" + zlib.compress(bytes(10_000)))),
    "a palette": lambda: png(head(colour=3), chunk(b"PLTE", bytes(6))),
    "see-through": lambda: saved("RGBA"),
    "sixteen bits": lambda: png(head(bits=16)),
    "no picture": lambda: png(head(0, 0)),
    "bytes behind its end": lambda: png(head(), after=b"more"),
    "cut off": lambda: png(head())[:-6],
    "no pixels at all": lambda: START + head() + chunk(b"IEND", b""),
}


def answered(monkeypatch: pytest.MonkeyPatch, picture: bytes) -> inspection.InspectionReport:
    """The report of an inspector that says it drew one page, this one."""
    page = b'{"number": 1, "width": 30, "height": 20, "codes": [], "source": 0}'
    parts = ((frames.PAGE, page), (frames.PNG, picture), (frames.DONE, b""))
    body = b"".join(name + struct.pack(">I", len(content)) + content for name, content in parts)
    monkeypatch.setattr(child, "run", lambda *_args, **_more: Answer(body, "exited"))
    return inspection.inspect(b"%PDF-1.7")


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_any_other_picture_is_refused_at_both_doors(make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(monkeypatch, make()).reason_code == "bad-answer"
    with pytest.raises(ValueError, match="PNG"):
        picture_pages([make()], captions=[("a", "b")])


@pytest.mark.parametrize(
    "lines", [BLACK[:-1], BLACK + b"\0", bytes(50_000_000), b""], ids=["less", "more", "bomb", "0"]
)
def test_pixels_that_are_not_what_the_size_says_are_refused(lines: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(monkeypatch, png(head(), lines=lines)).reason_code == "bad-answer"


def test_lines_that_do_not_unpack_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for lines in (b"rubbish", zlib.compress(BLACK)[:-5], zlib.compress(BLACK) + b"more"):
        picture = START + head() + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
        assert answered(monkeypatch, picture).reason_code == "bad-answer"


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_pillow_saves_is_taken_and_put_in_pixel_by_pixel(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = saved(mode)
    report = answered(monkeypatch, picture)
    assert report.outcome == "ok", report.reason_code
    assert report.pages[0].png == picture
    pdf = picture_pages([picture], captions=[("a", "b")])
    with pikepdf.open(BytesIO(pdf)) as opened:
        stream: Any = opened.pages[0].Resources.XObject["/SignedCopy"]
        image = pikepdf.PdfImage(stream)
        assert image.as_pil_image().tobytes() == Image.open(BytesIO(picture)).tobytes()
        assert bytes(stream.read_raw_bytes()) == plain_png.taken_apart(picture).lines


def test_its_pages_are_drawn_by_another_reader() -> None:
    document = pypdfium2.PdfDocument(picture_pages([saved(), saved("L")], captions=[("a", "b")] * 2))
    try:
        drawn = [page.render(scale=1).to_pil().convert("L").getextrema() for page in document]
    finally:
        document.close()
    assert all(darkest < 40 for darkest, _lightest in drawn)
