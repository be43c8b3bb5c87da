"""The view against itself: ranges, determinism, memory, threads."""

import dataclasses
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.sealing import ArchiveIndex, Layout, Member, MemoryTags, PackTooShort, SealedView, etag_for
from agreements.sealing import ahead as ahead_module
from agreements.sealing.cipher import BLOCK
from agreements.sealing.keys import MemberKeys
from agreements.sealing.layout import Part, Segment
from tests.sealing.packs import MTIME, OTHER_PASSWORD, PASSWORD, SALT_KEY, Pack, noise, pack_of

FILES = {
    "empty": b"",
    "d/": b"",
    "d/one": noise(1, 1),
    "d/blocks": noise(4096, 2),
    "d/large": noise(3 * BLOCK + 5, 3),
    "e/": b"",
    "图像.jpg": noise(999, 4),
    "last": b"",
}
PACK = pack_of(FILES, chunk=50_021)
WHOLE = PACK.sealed()
LAYOUT = Layout(PACK.index)


def _edges() -> list[int]:
    """Where one part ends and the next begins."""
    edges, place = [0], 0
    for segment in LAYOUT.segments(0, len(WHOLE)):
        place += segment.stop - segment.start
        edges.append(place)
    return edges


near_edges = st.builds(
    lambda edge, by: min(max(edge + by, 0), len(WHOLE)), st.sampled_from(_edges()), st.integers(-20, 20)
)
positions = near_edges | st.integers(0, len(WHOLE))


@settings(deadline=None, max_examples=400)
@given(positions, positions)
def test_any_range_is_that_slice_of_the_whole(one: int, other: int) -> None:
    start, stop = sorted((one, other))
    assert b"".join(PACK.view().stream(start, stop)) == WHOLE[start:stop]


def test_every_single_byte_around_every_edge_is_right() -> None:
    view = PACK.view()
    for edge in _edges():
        for start in range(max(edge - 3, 0), min(edge + 3, len(WHOLE))):
            assert b"".join(view.stream(start, start + 1)) == WHOLE[start : start + 1]


def test_the_size_is_known_beforehand_and_the_bytes_are_always_the_same() -> None:
    assert PACK.view().size == len(WHOLE)
    assert PACK.sealed() == WHOLE
    assert b"".join(pack_of(FILES, chunk=7).view().stream()) == WHOLE


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, len(WHOLE) + 1)])
def test_a_range_outside_the_archive_is_refused_at_once(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="not within"):
        PACK.view().stream(start, stop)


def test_chunks_are_bounded() -> None:
    assert max(map(len, PACK.view().stream())) <= BLOCK


def test_two_passwords_give_different_bytes_but_the_same_length_and_salts() -> None:
    other = PACK.sealed(OTHER_PASSWORD)
    assert len(other) == len(WHOLE)
    for segment, place in _placed():
        mine, theirs = (data[place : place + segment.stop] for data in (WHOLE, other))
        if segment.part in {Part.SALT, Part.LOCAL, Part.CENTRAL, Part.END}:
            assert mine == theirs
        elif segment.part in {Part.DATA, Part.TAG} and len(mine) > 8:
            assert mine != theirs


def test_two_seals_share_no_salt() -> None:
    mine = {PACK.view().salt(number) for number in range(len(FILES))}
    theirs = {PACK.view(salt_key=bytes(32)).salt(number) for number in range(len(FILES))}
    assert len(mine) == len(theirs) == len(FILES)
    assert not mine & theirs


def test_the_same_files_stored_and_deflated_share_no_salt() -> None:
    deflated = pack_of(FILES, deflate=True)
    numbers = range(len(FILES))
    assert not {PACK.view().salt(n) for n in numbers} & {deflated.view().salt(n) for n in numbers}


def _placed() -> Iterator[tuple[Segment, int]]:
    place = 0
    for segment in LAYOUT.segments(0, len(WHOLE)):
        yield segment, place
        place += segment.stop - segment.start


def test_the_etag_depends_on_all_that_decides_the_bytes() -> None:
    tags = {
        etag_for(digest, seal_id=seal, number=number, key_number=key)
        for digest in (b"d" * 32, b"e" * 32)
        for seal in (b"s" * 16, b"t" * 16)
        for number in (1, 2)
        for key in (1, 2)
    }
    assert len(tags) == 16
    tag = PACK.view().etag(b"s" * 16, 1, 1)
    assert tag == etag_for(PACK.index.digest, seal_id=b"s" * 16, number=1, key_number=1)
    assert tag.startswith('"')
    assert tag.endswith('"')


def test_a_password_that_tools_read_differently_is_refused() -> None:
    for password in ("", "pässword", "a\nb"):
        with pytest.raises(ValueError, match="printable ASCII"):
            PACK.view(password)


def test_secrets_do_not_show_in_representations() -> None:
    keys = PACK.view().keys(0)
    assert keys.aes.hex() not in repr(keys)
    assert repr(keys.aes) not in repr(keys)
    assert PASSWORD not in repr(PACK.view())


class TestCodes:
    """The last ten bytes of a member, in ranges that do not hold the rest of it."""

    number = 4

    def test_only_a_range_that_needs_one_reads_the_whole_member(self) -> None:
        view = PACK.view()
        tag = LAYOUT.tag_start(self.number)
        assert view.member_needing_a_pass(tag, tag + 1) == self.number
        assert view.member_needing_a_pass(tag + 9, tag + 10) == self.number
        assert view.member_needing_a_pass(tag - 1, tag + 1) == self.number
        assert view.member_needing_a_pass(tag - 1, tag) is None
        assert view.member_needing_a_pass(tag + 10, tag + 11) is None
        assert view.member_needing_a_pass(LAYOUT.data_start(self.number), tag + 10) is None
        assert view.member_needing_a_pass(0, len(WHOLE)) is None

    def test_the_pass_is_made_once_and_kept(self) -> None:
        pack, tags = pack_of(FILES), MemoryTags()
        tag = LAYOUT.tag_start(self.number)
        for _ in range(3):
            assert b"".join(pack.view(tags=tags).stream(tag, tag + 10)) == WHOLE[tag : tag + 10]
        assert pack.reads == [(pack.index.members[self.number].offset, len(FILES["d/large"]))]
        assert tags.get(self.number) == WHOLE[tag : tag + 10]

    def test_many_at_once_make_it_once(self) -> None:
        pack, tags = pack_of(FILES), MemoryTags()
        tag = LAYOUT.tag_start(self.number)
        got: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: got.append(b"".join(pack.view(tags=tags).stream(tag, tag + 10))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [WHOLE[tag : tag + 10]] * 8
        assert len(pack.reads) == 1

    def test_a_store_that_breaks_during_the_pass_ends_the_stream(self) -> None:
        pack = pack_of(FILES)
        pack.data = pack.data[:5000]
        tag = LAYOUT.tag_start(self.number)
        with pytest.raises(PackTooShort):
            list(pack.view().stream(tag, tag + 10))

    def test_closing_ends_a_long_pass(self) -> None:
        size, reached = 1 << 40, threading.Event()
        ended = threading.Event()

        def read(offset: int, length: int) -> Iterator[bytes]:
            try:
                while True:
                    yield bytes(1 << 16)
                    reached.set()
            finally:
                ended.set()

        view = _one_large(size, read)
        tag = view.layout.tag_start(0)
        stream = view.stream(tag, tag + 1)
        assert next(stream) == b""  # a beat: the caller keeps control
        assert reached.wait(5)
        stream.close()
        assert ended.wait(5)


def _one_large(size: int, read: object) -> SealedView:
    member = Member(0, "large.bin", 0, size, size, MTIME, bytes(32), bytes(32), 0)
    index = ArchiveIndex([member])
    return SealedView(index, Layout(index), PASSWORD, SALT_KEY, read)  # type: ignore[arg-type]


def test_the_pack_is_read_in_long_runs_whatever_the_members_are() -> None:
    pack = pack_of({f"{n}": noise(1000, n) for n in range(200)})
    pack.sealed()
    assert pack.reads == [(0, 200_000)]


def test_a_range_reads_no_more_of_the_pack_than_it_holds() -> None:
    pack = pack_of({f"{n}": noise(1000, n) for n in range(20)})
    layout = Layout(pack.index)
    list(pack.view().stream(layout.data_start(3) + 100, layout.data_start(5) + 50))
    assert sum(length for offset, length in pack.reads if offset == 3100) == 1950
    assert pack.reads.count((3000, 1000)) == 1  # the pass for member 3's code


def test_members_may_lie_anywhere_in_the_pack_and_share_bytes() -> None:
    plain = pack_of({"a": b"first", "b": b"second", "c": b"first"})
    members = list(plain.index.members)
    shuffled = b"second" + b"first"
    moved = [dataclasses.replace(m, offset=0 if m.name == "b" else 6) for m in members]
    assert Pack(shuffled, ArchiveIndex(moved)).sealed() == plain.sealed()


def test_a_pack_that_is_too_short_or_too_long_ends_the_stream_with_an_error() -> None:
    short = pack_of(FILES)
    short.data = short.data[:-1]
    with pytest.raises(PackTooShort, match="ended at byte"):
        short.sealed()

    def too_much(offset: int, length: int) -> Iterator[bytes]:
        yield bytes(length + 1)

    with pytest.raises(PackTooShort, match="too many"):
        list(_one_large(100, too_much).stream())


def test_closing_the_stream_lets_go_of_the_store() -> None:
    closed: list[bool] = []

    def read(offset: int, length: int) -> Iterator[bytes]:
        try:
            while True:
                yield bytes(1 << 20)
        finally:
            closed.append(True)

    stream = _one_large(1 << 40, read).stream()
    next(stream)
    stream.close()
    assert closed == [True]


def test_keys_are_derived_ahead_but_only_so_far_and_not_after_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = pack_of({f"{n}": noise(BLOCK, n) for n in range(60)})
    derived: list[int] = []
    view = pack.view()
    derive = view.keys

    def counted(number: int) -> MemberKeys:
        derived.append(number)
        return derive(number)

    monkeypatch.setattr(view, "keys", counted)
    stream = view.stream()
    for _ in range(3):
        next(stream)
    stream.close()
    # One thread derives in order, so when a job sent after closing is done, whatever was still to come has come.
    workers = ahead_module._pool()._max_workers
    for job in [ahead_module._pool().submit(int) for _ in range(2 * workers)]:
        job.result(timeout=5)
    assert 3 <= len(derived) <= 4 + ahead_module.LOOK_AHEAD


def test_a_range_deep_in_a_very_large_archive_costs_as_much_as_its_length() -> None:
    asked: list[tuple[int, int]] = []
    block = bytes(1 << 20)

    def read(offset: int, length: int) -> Iterator[bytes]:
        asked.append((offset, length))
        while length:
            yield block[:length]
            length -= min(length, len(block))

    size = 5 << 40
    view = _one_large(size, read)
    began = time.perf_counter()
    for percent in (0, 50, 99):
        start = size // 100 * percent + 12_345
        assert sum(map(len, view.stream(start, start + (1 << 20)))) == 1 << 20
    assert time.perf_counter() - began < 2
    assert all(length <= 1 << 20 for _, length in asked)


def test_memory_stays_small_for_a_large_member() -> None:
    block = bytes(1 << 20)

    def read(offset: int, length: int) -> Iterator[bytes]:
        while length:
            yield block[:length]
            length -= min(length, len(block))

    view = _one_large(200 << 20, read)
    tracemalloc.start()
    try:
        for _ in view.stream():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
