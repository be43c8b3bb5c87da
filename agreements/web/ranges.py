"""Byte ranges and preconditions of HTTP (RFC 9110, sections 13 and 14), for one representation with a strong ETag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SPEC: Final = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
# An ETag list may hold commas inside the quotes.
_TAGS: Final = re.compile(r'(W/)?("[^"]*")')
MOST_DIGITS: Final = 19
"""Of a position: beyond every size that we can store, and far below what makes parsing slow."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, stop) to send, and whether the answer is 206 rather than 200."""

    start: int
    stop: int
    partial: bool


class Unsatisfiable(Exception):
    """The range lies behind the end: 416."""


def span(header: str | None, *, size: int) -> Span:
    """Return what a Range header asks for; raises Unsatisfiable.

    No header, another unit, a malformed one, and more than one range are all answered with the whole, as the
    standard allows (14.2).
    """
    whole = Span(0, size, partial=False)
    unit, equals, ranges = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return whole
    found = _SPEC.fullmatch(ranges.strip(" \t"))
    if found is None or found.groups() == ("", ""):
        return whole
    first, last = found.groups()
    if not first:
        return _suffix(_number(last), size)
    if last and _number(last) < _number(first):
        return whole
    if _number(first) >= size:
        raise Unsatisfiable
    stop = min(_number(last) + 1, size) if last else size
    return Span(_number(first), stop, partial=True)


def if_range_holds(header: str | None, *, etag: str) -> bool:
    """Return whether a Range header counts: there is no If-Range, or it names this very ETag (13.1.5).

    A date never holds, since we send no Last-Modified, and a weak ETag never does either.
    """
    return header is None or header.strip() == etag


def if_match_holds(header: str | None, *, etag: str) -> bool:
    """Return whether an If-Match header lets the request go on; else it is 412 (13.1.1, strong comparison)."""
    if header is None or header.strip() == "*":
        return True
    return any(not weak and tag == etag for weak, tag in _TAGS.findall(header))


def has_it_already(header: str | None, *, etag: str) -> bool:
    """Return whether an If-None-Match header says that the client holds this: 304 (13.1.2, weak comparison)."""
    if header is None:
        return False
    return header.strip() == "*" or any(tag == etag for _weak, tag in _TAGS.findall(header))


def content_range(found: Span, *, size: int) -> str:
    """Return the value of Content-Range for a partial answer."""
    return f"bytes {found.start}-{found.stop - 1}/{size}"


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return Span(max(size - length, 0), size, partial=True)


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS
