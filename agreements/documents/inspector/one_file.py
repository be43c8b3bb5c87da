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

    from agreements.documents.inspector import pages, structure  # noqa: F401 - for their libraries

    Image.preinit()


def _inspect(data: bytes, limits: frames.Limits, answer: BinaryIO) -> None:
    from agreements.documents.inspector.structure import Refused, screen

    try:
        for flag in screen(data, max_pages=limits.max_pages):
            frames.write_json(answer, frames.FLAG, name=flag)
        _pages(data, limits, answer)
    except Refused as refusal:
        frames.write_json(answer, frames.STOP, code=refusal.code, values=refusal.values)
    except MemoryError:
        frames.write_json(answer, frames.STOP, code="memory", values={})
    except Exception as error:  # whatever a parser raises is a finding about the file, not a defect of the program
        frames.write_json(answer, frames.STOP, code="unreadable", values={}, error=type(error).__name__)
    else:
        frames.write(answer, frames.DONE)


def _pages(data: bytes, limits: frames.Limits, answer: BinaryIO) -> None:
    from agreements.documents.inspector.pages import pages

    for page in pages(data, dots_per_inch=limits.dots_per_inch, max_pixels=limits.max_page_pixels):
        frames.write_json(
            answer, frames.PAGE, number=page.number, width=page.width, height=page.height, codes=page.codes
        )
        frames.write(answer, frames.PNG, page.png)
