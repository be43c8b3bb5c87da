"""One inspection, start to end, in this process. Run only in a child that may die."""

from __future__ import annotations

from typing import BinaryIO

from agreements.documents.inspector import frames
from agreements.documents.inspector.confine import cut_off, limit


def serve(request: BinaryIO, answer: BinaryIO) -> None:
    """Read a request, confine this process, and write the answer. Never raises for anything that a file contains."""
    try:
        length, limits = frames.read_request_header(request)
    except frames.BadRequest:
        frames.write_json(answer, frames.STOP, code="bad-request", values={})
        return
    limit(memory=limits.memory, cpu_seconds=limits.cpu_seconds)
    # Loaded within the limits, but before the process becomes a user who may not be able to reach them.
    load()
    cut_off(answer)
    data = request.read(length)
    if len(data) != length:
        frames.write_json(answer, frames.STOP, code="bad-request", values={})
        return
    _inspect(data, limits, answer)


def load() -> None:
    """Load the libraries, with the codecs that they would load late."""
    from PIL import Image

    from agreements.documents.inspector import fields, pages, structure  # noqa: F401 - for their libraries

    Image.preinit()


def _inspect(data: bytes, limits: frames.Limits, answer: BinaryIO) -> None:
    from agreements.documents.inspector.structure import Refused, screen

    try:
        for flag in screen(data, max_pages=limits.max_pages):
            frames.write_json(answer, frames.FLAG, name=flag)
        many = _fields(data, answer)
        _pages(data, limits, answer, show_typed=not many)
    except Refused as refusal:
        frames.write_json(answer, frames.STOP, code=refusal.code, values=refusal.values)
    except MemoryError:
        frames.write_json(answer, frames.STOP, code="memory", values={})
    except Exception as error:  # whatever a parser raises is a finding about the file, not a defect of the program
        frames.write_json(answer, frames.STOP, code="unreadable", values={}, error=type(error).__name__)
    else:
        frames.write(answer, frames.DONE)


def _fields(data: bytes, answer: BinaryIO) -> bool:
    """Write what was typed into our form; return whether there are more fields than any form of ours has."""
    from agreements.documents.inspector.fields import typed

    try:
        texts, flags = typed(data)
    except MemoryError:
        raise
    except Exception:  # a form that cannot be read takes nothing from the pages
        texts, flags = {}, ["odd-field"]
    for flag in flags:
        frames.write_json(answer, frames.FLAG, name=flag)
    if texts:
        frames.write_json(answer, frames.FORM, texts=texts)
    return "many-fields" in flags


def _pages(data: bytes, limits: frames.Limits, answer: BinaryIO, *, show_typed: bool) -> None:
    from agreements.documents.inspector.pages import pages

    drawn = pages(data, dots_per_inch=limits.dots_per_inch, max_pixels=limits.max_page_pixels, show_typed=show_typed)
    for page in drawn:
        frames.write_json(
            answer, frames.PAGE, number=page.number, width=page.width, height=page.height, codes=page.codes
        )
        frames.write(answer, frames.PNG, page.png)
