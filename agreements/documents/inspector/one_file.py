"""One inspection, start to end, in this process. Run only in a child that may die."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import BinaryIO, Final

from agreements.documents.inspector import frames
from agreements.documents.inspector.confine import cut_off, limit

JUDGING_SECONDS: Final = 20
"""For so long a file may be judged; its pages are there already."""


def serve(request: BinaryIO, answer: BinaryIO) -> None:
    """Read a request, confine this process, and write the answer. Never raises for anything that a file contains."""
    try:
        asked = frames.read_header(request)
    except frames.BadRequest:
        frames.write_json(answer, frames.STOP, code="bad-request", values={})
        return
    limit(memory=asked.limits.memory, cpu_seconds=asked.limits.cpu_seconds)
    # Loaded within the limits, but before the process becomes a user who may not be able to reach them.
    load(judging=asked.judging, papers=asked.form == "papers")
    cut_off(answer, threads=asked.form == "papers")
    try:
        parts = frames.read_parts(request, asked)
    except frames.BadRequest:
        frames.write_json(answer, frames.STOP, code="bad-request", values={})
        return
    if _inspect(parts.data, asked, answer) and asked.judging:
        _judge(parts, asked, answer)


def load(*, judging: bool = True, papers: bool = True) -> None:
    """Load the libraries, with the codecs that they would load late."""
    from PIL import Image

    from agreements.documents.inspector import fields, pages, structure  # noqa: F401 - for their libraries

    Image.preinit()
    if papers:
        from agreements.documents.inspector import papers as _papers  # noqa: F401
    if judging:
        from agreements.documents.inspector import judging as _judging  # noqa: F401


def _inspect(data: bytes, asked: frames.Header, answer: BinaryIO) -> bool:
    """Write what there is to see; return whether it was carried through."""
    from agreements.documents.inspector.structure import Refused

    try:
        if asked.form == "papers":
            _papers(data, asked.limits, answer)
        else:
            _pdf(data, asked.limits, answer)
    except Refused as refusal:
        frames.write_json(answer, frames.STOP, code=refusal.code, values=refusal.values)
    except MemoryError:
        frames.write_json(answer, frames.STOP, code="memory", values={})
    except Exception as error:  # whatever a parser raises is a finding about the file, not a defect of the program
        frames.write_json(answer, frames.STOP, code="unreadable", values={}, error=type(error).__name__)
    else:
        frames.write(answer, frames.DONE)
        return True
    return False


def _pdf(data: bytes, limits: frames.Limits, answer: BinaryIO) -> None:
    from agreements.documents.inspector.structure import screen

    _flags(screen(data, max_pages=limits.max_pages), answer)
    many = _fields(data, answer)
    _pages(data, limits, answer, show_typed=not many)


def _papers(data: bytes, limits: frames.Limits, answer: BinaryIO) -> None:
    """Write the PDF that several files make, and its pages with the codes that were read on the files."""
    from agreements.documents.inspector.papers import put_together
    from agreements.documents.inspector.structure import Refused

    together = put_together(data, limits)
    if len(together.pdf) > frames.MAX_FILE:
        raise Refused("too-large")
    _flags(together.flags, answer)
    frames.write(answer, frames.PDF, together.pdf)
    _pages(together.pdf, limits, answer, sources=together.sources, codes=together.codes)


def _flags(flags: Sequence[str], answer: BinaryIO) -> None:
    for flag in flags:
        frames.write_json(answer, frames.FLAG, name=flag)


def _fields(data: bytes, answer: BinaryIO) -> bool:
    """Write what was typed into our form; return whether there are more fields than any form of ours has."""
    from agreements.documents.inspector.fields import typed

    try:
        texts, flags = typed(data)
    except MemoryError:
        raise
    except Exception:  # a form that cannot be read takes nothing from the pages
        texts, flags = {}, ["odd-field"]
    _flags(flags, answer)
    if texts:
        frames.write_json(answer, frames.FORM, texts=texts)
    return "many-fields" in flags


def _pages(
    data: bytes,
    limits: frames.Limits,
    answer: BinaryIO,
    *,
    show_typed: bool = True,
    sources: Sequence[int] = (),
    codes: Sequence[list[str]] | None = None,
) -> None:
    """Write the pages. `codes` are those that were read before; without them they are looked for here."""
    from agreements.documents.inspector.pages import pages

    drawn = pages(
        data,
        dots_per_inch=limits.dots_per_inch,
        max_pixels=limits.max_page_pixels,
        show_typed=show_typed,
        read_codes=codes is None,
    )
    for page in drawn:
        frames.write_json(
            answer,
            frames.PAGE,
            number=page.number,
            width=page.width,
            height=page.height,
            codes=page.codes if codes is None else codes[page.number - 1],
            source=sources[page.number - 1] if sources else 0,
        )
        frames.write(answer, frames.PNG, page.png)


def _judge(parts: frames.Parts, asked: frames.Header, answer: BinaryIO) -> None:
    """Write what became of our certification. A file that takes too long over it ends this process."""
    from agreements.documents.inspector import judging

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, JUDGING_SECONDS)
    try:
        said = judging.judge(parts.data, original=parts.original, certificates=parts.certificates, at=asked.at)
    except Exception as error:  # as in `_inspect`: a finding about the file
        said = {"trouble": "memory" if isinstance(error, MemoryError) else "unreadable"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    frames.write_json(answer, frames.JUDGEMENT, **said)
