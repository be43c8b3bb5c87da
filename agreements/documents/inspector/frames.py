"""How a request goes in and what comes out: a byte format small enough to read without a library.

Request: one line of JSON (`{"length": bytes, "max_pages": ...}`), then the file.
Answer: frames of a four-letter kind, a length of four bytes big-endian, and that many bytes. `page` (JSON) is followed
by its `png `; `flag`, `form` (`{"texts": {name: text}}`) and `stop` are JSON; `done` ends an inspection that was
carried through. An answer without `done` or `stop` was cut short. A report in a spool folder ends with `ends` (JSON):
how the child ended.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final

PAGE: Final = b"page"
PNG: Final = b"png "
FLAG: Final = b"flag"
FORM: Final = b"form"
STOP: Final = b"stop"
DONE: Final = b"done"
ENDS: Final = b"ends"
_HEAD: Final = struct.Struct(">4sI")

MAX_FILE: Final = 25 * 1024 * 1024
MAX_ANSWER: Final = 200 * 1024 * 1024
MAX_HEADER: Final = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child holds itself to. Bytes, seconds, pixels."""

    max_pages: int = 40
    max_page_pixels: int = 4_000_000
    dots_per_inch: int = 110
    memory: int = 512 * 1024 * 1024
    cpu_seconds: int = 40


class BadRequest(ValueError):
    """The request is not in the format, or its file is too large."""


def request_header(length: int, limits: Limits) -> bytes:
    """Return the line that goes before a file."""
    return json.dumps({"length": length, **asdict(limits)}).encode() + b"\n"


def read_request_header(stream: BinaryIO) -> tuple[int, Limits]:
    """Return the length of the file that follows and the limits. Raises BadRequest."""
    try:
        asked = json.loads(stream.readline(MAX_HEADER))
        length = int(asked.pop("length"))
        limits = Limits(**{name: int(value) for name, value in asked.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest("not a request") from error
    if not 0 <= length <= MAX_FILE:
        raise BadRequest("too large")
    return length, limits


def write(stream: BinaryIO, kind: bytes, body: bytes = b"") -> None:
    """Write one frame, at once."""
    stream.write(_HEAD.pack(kind, len(body)) + body)
    stream.flush()


def write_json(stream: BinaryIO, kind: bytes, **values: Any) -> None:
    """Write one frame of JSON."""
    write(stream, kind, json.dumps(values).encode())


def read(answer: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the whole frames of an answer; what was cut off at the end is left out."""
    at = 0
    while at + _HEAD.size <= len(answer):
        kind, length = _HEAD.unpack_from(answer, at)
        at += _HEAD.size
        if at + length > len(answer):
            return
        yield kind, answer[at : at + length]
        at += length
