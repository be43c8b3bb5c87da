"""Files that a stranger might send, made here from nothing."""

from __future__ import annotations

import zlib
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream


def plain(pages: int = 1) -> Pdf:
    pdf = Pdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    return pdf


def saved(pdf: Pdf, **how: object) -> bytes:
    out = BytesIO()
    pdf.save(out, **how)  # type: ignore[arg-type]
    return out.getvalue()


def encrypted(*, user: str) -> bytes:
    return saved(plain(), encryption=pikepdf.Encryption(owner="owner", user=user))


def with_open_action(action: Dictionary) -> bytes:
    pdf = plain()
    pdf.Root.OpenAction = pdf.make_indirect(action)
    return saved(pdf)


def with_javascript() -> bytes:
    return with_open_action(Dictionary(S=Name.JavaScript, JS="app.alert(1)"))


def with_javascript_name_disguised() -> bytes:
    return with_javascript().replace(b"/S /JavaScript", b"/S /J#61vaScript").replace(b"/JS ", b"/J#53 ")


def with_launch() -> bytes:
    return with_open_action(Dictionary(S=Name.Launch, F="calc.exe"))


def with_submit_form() -> bytes:
    return with_open_action(Dictionary(S=Name.SubmitForm, F="x"))


def with_embedded_file() -> bytes:
    pdf = plain()
    pdf.attachments["tool.exe"] = b"MZ"
    return saved(pdf)


def with_xfa() -> bytes:
    pdf = plain()
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=Stream(pdf, b"<xdp/>"))
    return saved(pdf)


def with_content(content: bytes, *, times_packed: int = 1) -> bytes:
    pdf = plain()
    packed = content
    stream = Stream(pdf, packed)
    stream.write(packed, filter=Array([Name.FlateDecode] * times_packed))
    pdf.pages[0].Contents = stream
    return saved(pdf, stream_decode_level=pikepdf.StreamDecodeLevel.none, recompress_flate=False)


def content_bomb(size: int = 700_000_000) -> bytes:
    """A page of spaces that unpacks to `size` bytes; under a megabyte as a file."""
    press = zlib.compressobj(1)
    block = b" " * 10_000_000
    once = b"".join([*(press.compress(block) for _ in range(size // len(block))), press.flush()])
    return with_content(zlib.compress(once, 9), times_packed=2)


def slow_drawing(strokes: int = 3_000_000) -> bytes:
    """A page whose drawing takes many seconds of processor time."""
    content = b"0 0 m " + b"600 800 l 0 0 l 600 0 l 0 800 l " * (strokes // 4) + b"S"
    return with_content(zlib.compress(content, 6))
