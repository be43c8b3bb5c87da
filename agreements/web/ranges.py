"""Byte ranges and preconditions of HTTP (RFC 9110, sections 13 and 14), for one representation with a strong ETag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse

_SPEC: Final = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
# An ETag list may hold commas inside the quotes.
_TAGS: Final = re.compile(r'(W/)?("[^"]*")')
MOST_DIGITS: Final = 19
"""Of a position: beyond every size that we can store, and far below what makes parsing slow."""
MOST_RANGES: Final = 16
"""Of one header, empty ones included. Whoever asks for more has no use for them, and is sent the whole."""
GAP: Final = 80
"""Bytes between two ranges that are sent along rather than told apart: less than a part of its own would cost
(RFC 9110, 15.3.7.2)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, stop) to send, and whether the answer is 206 rather than 200."""

    start: int
    stop: int
    partial: bool


class Unsatisfiable(Exception):
    """Every range lies behind the end: 416."""


def span(header: str | None, *, size: int) -> Span:
    """Return what a Range header asks for; raises Unsatisfiable.

    Several ranges that overlap, touch or nearly do are answered as the one that they make together; ranges that lie
    apart with the whole, as are no header, another unit and a malformed one, all as the standard allows (14.2): a
    download is one stretch of bytes, with one row that says which.
    """
    whole = Span(0, size, partial=False)
    unit, equals, ranges = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return whole
    specs = ranges.split(",", MOST_RANGES)
    if len(specs) > MOST_RANGES:
        return whole
    # Empty elements of a list are to be passed over (5.6.1.2).
    asked = [_bounds(spec.strip(" \t"), size) for spec in specs if spec.strip(" \t")]
    if not asked or None in asked:
        return whole
    wanted = sorted(bounds for bounds in asked if bounds is not None and bounds[0] < bounds[1])
    if not wanted:
        raise Unsatisfiable
    start, stop = wanted[0]
    for first, last in wanted[1:]:
        if first > stop + GAP:
            return whole
        stop = max(stop, last)
    return Span(start, stop, partial=True)


def is_whole(header: str | None) -> bool:
    """Return whether a Range header, or that there is none, plainly asks for everything from the first byte on."""
    return header is None or header == "bytes=0-"


def goes_on(header: str | None) -> bool:
    """Return whether bytes are asked for that go behind others: a range that does not begin at the first byte."""
    unit, _, wanted = (header or "").partition("=")
    return unit.strip().lower() == "bytes" and not wanted.lstrip(" \t").startswith("0-")


def behind_the_end(size: int) -> HttpResponse:
    """Return the answer to a range that is Unsatisfiable (15.5.17)."""
    return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})


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


def _bounds(spec: str, size: int) -> tuple[int, int] | None:
    """Return (start, stop) of one range, empty if it cannot be satisfied, or None if it is malformed."""
    found = _SPEC.fullmatch(spec)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(size - _number(last), 0), size
    if last and _number(last) < _number(first):
        return None
    return _number(first), min(_number(last) + 1, size) if last else size


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS
