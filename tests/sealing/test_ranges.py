"""Any range of any archive is that slice of the whole: random archives, ranges in any order, tags known or not."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreements.sealing import MemoryTags
from agreements.sealing.cipher import BLOCK
from agreements.sealing.layout import Part
from tests.sealing.packs import Pack, noise, pack_of

sizes = st.one_of(
    st.sampled_from([0, 1, 15, 16, 17, 4096, BLOCK - 1, BLOCK, BLOCK + 1]),
    st.integers(0, 3000),
    st.integers(0, 600_000),
)
names = st.sampled_from(["a.jpg", "图像/一.jpg", "صورة.jpg", "d/", "d/e/", "d/e/f.bin", "long/" + "n" * 300, "z"])


@dataclass
class Made:
    """An archive with its bytes and where its parts begin and end."""

    pack: Pack
    whole: bytes
    edges: list[int]

    def __repr__(self) -> str:
        return f"Made({[(m.name, m.packed_size) for m in self.pack.index.members]})"


@st.composite
def archives(draw: st.DrawFn) -> Made:
    chosen = draw(st.lists(names, unique=True, max_size=6))
    files = {name: b"" if name.endswith("/") else noise(draw(sizes), seed) for seed, name in enumerate(chosen)}
    chunk = draw(st.sampled_from([1 << 20, 50_021, 4096, 977]))
    pack = pack_of(files, deflate=draw(st.booleans()), chunk=chunk)
    view = pack.view()
    edges = [0]
    for segment in view.layout.segments(0, view.size):
        edges.append(edges[-1] + segment.stop - segment.start)
    return Made(pack, b"".join(view.stream()), edges)


@st.composite
def ranges(draw: st.DrawFn, made: Made) -> tuple[int, int]:
    """Near borders of parts as often as anywhere."""
    near = st.builds(lambda edge, by: edge + by, st.sampled_from(made.edges), st.integers(-12, 12))
    positions = (near | st.integers(0, len(made.whole))).map(lambda place: min(max(place, 0), len(made.whole)))
    start, stop = sorted((draw(positions), draw(positions)))
    return start, stop


def check_many_ranges(data: st.DataObject, count: int) -> None:
    """In the order drawn, through one view whose tag store so comes to know codes, and through a fresh one."""
    made = data.draw(archives())
    lasting = made.pack.view(tags=MemoryTags())
    for start, stop in data.draw(st.lists(ranges(made), min_size=1, max_size=count)):
        expected = made.whole[start:stop]
        assert b"".join(lasting.stream(start, stop)) == expected
        assert b"".join(made.pack.view().buffers(start, stop)) == expected


relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(relaxed, max_examples=60)
@given(st.data())
def test_any_range_of_any_archive_is_that_slice_of_the_whole(data: st.DataObject) -> None:
    check_many_ranges(data, 8)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(relaxed, max_examples=1000)
@given(st.data())
def test_thousands_of_ranges_of_a_thousand_archives_are_those_slices(data: st.DataObject) -> None:
    check_many_ranges(data, 16)


@settings(relaxed, max_examples=25)
@given(archives(), st.integers(1, 70_000))
def test_an_archive_fetched_backwards_in_pieces_is_whole(made: Made, step: int) -> None:
    view, stop = made.pack.view(tags=MemoryTags()), len(made.whole)
    step, fetched = max(step, len(made.whole) // 40), b""
    while stop:
        start = max(stop - step, 0)
        fetched = b"".join(view.stream(start, stop)) + fetched
        stop = start
    assert fetched == made.whole


@settings(relaxed, max_examples=40)
@given(archives())
def test_a_range_across_the_border_of_two_parts_is_right(made: Made) -> None:
    """Each border at least once: two bytes before it and two after."""
    view = made.pack.view()
    for edge in made.edges:
        start, stop = max(edge - 2, 0), min(edge + 2, len(made.whole))
        assert b"".join(view.stream(start, stop)) == made.whole[start:stop]


@settings(relaxed, max_examples=20)
@given(archives())
def test_codes_known_beforehand_make_no_pass_over_a_member(made: Made) -> None:
    tags = MemoryTags()
    view = made.pack.view(tags=tags)
    sealed = [m.number for m in made.pack.index.members if not m.is_directory]
    for number in sealed:
        tag = view.layout.tag_start(number)
        tags.put(number, made.whole[tag : tag + 10])
    made.pack.reads.clear()
    for number in sealed:
        tag = view.layout.tag_start(number)
        if made.pack.index.columns.packed_sizes[number] > 1:
            assert view.member_needing_a_pass(tag - 1, tag + 5) == number
            assert b"".join(view.stream(tag - 1, tag + 5)) == made.whole[tag - 1 : tag + 5]
    assert all(length == 1 for _, length in made.pack.reads)


def test_the_random_archives_have_all_parts() -> None:
    made = pack_of({"d/": b"", "a.jpg": b"x"})
    view = made.view()
    assert {segment.part for segment in view.layout.segments(0, view.size)} == set(Part)
