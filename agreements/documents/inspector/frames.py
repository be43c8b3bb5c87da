"""How a request goes in and what comes out: a byte format small enough to read without a library.

Request: one line of JSON (`{"form": ..., "lengths": [...], "at": ..., "limits": {...}}`), then the file, the original
that it is compared with (perhaps empty) and the certificates (DER) that are ours, as long as `lengths` says.
Answer: frames of a four-letter kind, a length of four bytes big-endian, and that many bytes. `page` (JSON) is followed
by its `png `; `pdf ` is the PDF that several files were put together to; `flag`, `form` (`{"texts": {name: text}}`) and
`stop` are JSON; `done` ends an inspection that was carried through. An answer without `done` or `stop` was cut short.
After `done` comes `judg` (JSON, see `judging.py`) where there was something to judge by; a child that ends over it has
lost nothing else. A report in a spool folder ends with `ends` (JSON): how the child ended.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Final

PAGE: Final = b"page"
PNG: Final = b"png "
FLAG: Final = b"flag"
FORM: Final = b"form"
STOP: Final = b"stop"
DONE: Final = b"done"
PDF: Final = b"pdf "
JUDGEMENT: Final = b"judg"
ENDS: Final = b"ends"
_HEAD: Final = struct.Struct(">4sI")

MAX_FILE: Final = 25 * 1024 * 1024
MAX_CERTIFICATES: Final = 64
MAX_CERTIFICATE: Final = 16 * 1024
MAX_REQUEST: Final = 2 * MAX_FILE + MAX_CERTIFICATES * MAX_CERTIFICATE
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


@dataclass(frozen=True, slots=True)
class Header:
    """What is to be looked at: a PDF (`pdf`) or an archive of several files (`papers`); lengths in bytes.

    `original` is 0 where nothing is compared. `at` is the moment (Unix seconds) by which certificates have expired.
    """

    form: str
    length: int
    original: int
    certificates: tuple[int, ...]
    at: int
    limits: Limits

    @property
    def judging(self) -> bool:
        """Whether there is anything to judge by."""
        return self.form == "pdf" and bool(self.original or self.certificates)


def request(
    data: bytes,
    *,
    limits: Limits,
    form: str = "pdf",
    original: bytes = b"",
    certificates: Sequence[bytes] = (),
    at: int = 0,
) -> bytes:
    """Return a request. Certificates beyond MAX_CERTIFICATES, and those longer than any, are left out."""
    certificates = [one for one in certificates if 0 < len(one) <= MAX_CERTIFICATE][:MAX_CERTIFICATES]
    parts = [data, original, *certificates]
    header = {"form": form, "lengths": [len(part) for part in parts], "at": at, "limits": asdict(limits)}
    return b"".join([json.dumps(header).encode(), b"\n", *parts])


def read_header(stream: BinaryIO) -> Header:
    """Return what is asked for; the parts follow in the stream. Raises BadRequest."""
    try:
        asked = json.loads(stream.readline(MAX_HEADER))
        length, original, *certificates = (int(one) for one in asked["lengths"])
        limits = Limits(**{name: int(value) for name, value in asked["limits"].items()})
        header = Header(str(asked["form"]), length, original, tuple(certificates), int(asked["at"]), limits)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest("not a request") from error
    if header.form not in {"pdf", "papers"}:
        raise BadRequest("no such form")
    if not all(0 <= one <= MAX_FILE for one in (length, original)) or len(certificates) > MAX_CERTIFICATES:
        raise BadRequest("too large")
    if not all(0 < one <= MAX_CERTIFICATE for one in certificates):
        raise BadRequest("too large")
    return header


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a request."""

    data: bytes = field(repr=False)
    original: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)


def read_parts(stream: BinaryIO, header: Header) -> Parts:
    """Return what follows a header. Raises BadRequest if it was cut short."""
    lengths = (header.length, header.original, *header.certificates)
    data, original, *certificates = (stream.read(length) for length in lengths)
    if [len(data), len(original), *map(len, certificates)] != list(lengths):
        raise BadRequest("cut short")
    return Parts(data, original, tuple(certificates))


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
