"""Byte ranges and preconditions, as RFC 9110 has them."""

from __future__ import annotations

import pytest

from agreements.web import ranges
from agreements.web.ranges import Span, Unsatisfiable

WHOLE = Span(0, 1000, partial=False)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, WHOLE),
        ("", WHOLE),
        ("bytes=0-499", Span(0, 500, partial=True)),
        ("Bytes=0-499", Span(0, 500, partial=True)),
        ("bytes=0-0", Span(0, 1, partial=True)),
        ("bytes=999-", Span(999, 1000, partial=True)),
        ("bytes=500-99999999999999999999999999", Span(500, 1000, partial=True)),
        ("bytes=-1", Span(999, 1000, partial=True)),
        ("bytes=-5000", Span(0, 1000, partial=True)),
        ("bytes=0-", Span(0, 1000, partial=True)),
        ("bytes= 10-19 ", Span(10, 20, partial=True)),
        ("bytes=0000000000000000000000000010-19", Span(10, 20, partial=True)),
        # More than one range, another unit, nonsense: the whole.
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=0-1,", WHOLE),
        ("items=0-1", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=5-4", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=--1", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=1-2-3", WHOLE),
        ("bytes=0x1-2", WHOLE),
        ("bytes=١-٢", WHOLE),
        ("bytes 0-1", WHOLE),
        ("0-1", WHOLE),
    ],
)
def test_a_range_header_asks_for(header: str | None, expected: Span) -> None:
    assert ranges.span(header, size=1000) == expected


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=" + "9" * 5000 + "-"])
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        ranges.span(header, size=1000)


def test_content_range_counts_inclusively() -> None:
    assert ranges.content_range(Span(0, 500, partial=True), size=1000) == "bytes 0-499/1000"


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (None, True),
        ('"abc"', True),
        ('W/"abc"', False),
        ('"other"', False),
        ("Mon, 02 Mar 2026 12:00:00 GMT", False),
        ("", False),
        ("abc", False),
    ],
)
def test_if_range_names_this_very_etag(header: str | None, holds: bool) -> None:
    assert ranges.if_range_holds(header, etag='"abc"') is holds


@pytest.mark.parametrize(
    ("header", "match", "none_match"),
    [
        (None, True, False),
        ("*", True, True),
        ('"abc"', True, True),
        ('"x", "abc"', True, True),
        ('"x,y", "abc"', True, True),
        ('W/"abc"', False, True),
        ('"x"', False, False),
        ("nonsense", False, False),
    ],
)
def test_preconditions_compare_etags(header: str | None, match: bool, none_match: bool) -> None:
    assert ranges.if_match_holds(header, etag='"abc"') is match
    assert ranges.has_it_already(header, etag='"abc"') is none_match
