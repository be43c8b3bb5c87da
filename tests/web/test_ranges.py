"""Byte ranges and preconditions, as RFC 9110 has them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        # Several that make one: overlapping, touching, a few bytes apart, in any order. Behind the end: left out.
        ("bytes=0-1,2-6", Span(0, 7, partial=True)),
        ("bytes=5-6, 0-1", Span(0, 7, partial=True)),
        ("bytes=0-99,50-59", Span(0, 100, partial=True)),
        ("bytes=0-99\t,\t180-199", Span(0, 200, partial=True)),
        ("bytes=0-1,", Span(0, 2, partial=True)),
        ("bytes=,,0-1", Span(0, 2, partial=True)),
        ("bytes=0-1,2000-2001", Span(0, 2, partial=True)),
        ("bytes=-1,990-998", Span(990, 1000, partial=True)),
        ("bytes=0-1,-5000", Span(0, 1000, partial=True)),
        # Several that lie apart, one of them malformed, very many of them, another unit, nonsense: the whole.
        ("bytes=0-1,500-501", WHOLE),
        ("bytes=0-99,181-199", WHOLE),
        ("bytes=0-1,5-4", WHOLE),
        ("bytes=0-1,x", WHOLE),
        ("bytes=" + ",".join(["0-1"] * 16), Span(0, 2, partial=True)),
        ("bytes=" + ",".join(["0-1"] * 17), WHOLE),
        ("bytes=" + "0-," * 100_000, WHOLE),
        ("bytes=,", WHOLE),
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


@pytest.mark.parametrize(
    "header",
    [
        "bytes=1000-",
        "bytes=1000-1001",
        "bytes=-0",
        "bytes=" + "9" * 5000 + "-",
        "bytes=1000-,2000-2001",
        "bytes=-0,1000-",
    ],
)
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        ranges.span(header, size=1000)


@pytest.mark.parametrize(
    ("header", "is_whole", "goes_on"),
    [
        (None, True, False),
        ("bytes=0-", True, False),
        ("bytes=0-99", False, False),
        ("bytes= 0-99", False, False),
        ("bytes=100-", False, True),
        ("Bytes=100-199", False, True),
        ("bytes=-100", False, True),
        ("items=100-", False, False),
        ("", False, False),
    ],
)
def test_a_download_is_begun_whole_or_gone_on_with(header: str | None, is_whole: bool, goes_on: bool) -> None:
    assert (ranges.is_whole(header), ranges.goes_on(header)) == (is_whole, goes_on)


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


def test_the_longest_headers_cost_next_to_nothing() -> None:
    began = time.process_time()
    for ranges_set in ("1-2," * 250_000, "0-" + "1" * 1_000_000, "," * 1_000_000, "-" * 1_000_000):
        ranges.span("bytes=" + ranges_set, size=1000)
    for tags in ('"' * 999_999, "W/" * 500_000, '"x",' * 250_000):
        assert not ranges.has_it_already(tags, etag='"abc"')
        assert not ranges.if_match_holds(tags, etag='"abc"')
    assert time.process_time() - began < 3


@given(st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 1200)), min_size=1, max_size=6))
def test_every_byte_that_was_asked_for_and_is_there_is_sent(pairs: list[tuple[int, int]]) -> None:
    header = "bytes=" + ",".join(f"{min(pair)}-{max(pair)}" for pair in pairs)
    wanted = {place for first, last in map(sorted, pairs) for place in range(first, last + 1)} & set(range(1000))
    try:
        found = ranges.span(header, size=1000)
    except Unsatisfiable:
        assert not wanted
        return
    assert wanted <= set(range(found.start, found.stop))
    assert 0 <= found.start < found.stop <= 1000
    if found.partial:
        assert (found.start, found.stop - 1) == (min(wanted), max(wanted))
