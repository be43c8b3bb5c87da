"""How the pack is read, how keys are derived ahead, what closing ends, what a stream costs."""

import dataclasses
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from agreements.sealing import ArchiveIndex, Layout, PackTooShort, SealedView
from agreements.sealing import ahead as ahead_module
from agreements.sealing.cipher import BLOCK
from agreements.sealing.keys import MemberKeys
from tests.sealing.packs import Pack, noise, pack_of
from tests.sealing.samples import FILES, one_large


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
    pack = Pack(shuffled, ArchiveIndex(moved))
    assert pack.sealed() == plain.sealed()
    assert pack.reads == [(6, 5), (0, 11)]


def test_a_pack_that_is_too_short_or_too_long_ends_the_stream_with_an_error() -> None:
    short = pack_of(FILES)
    short.data = short.data[:-1]
    with pytest.raises(PackTooShort, match="ended at byte"):
        short.sealed()

    def too_much(offset: int, length: int) -> Iterator[bytes]:
        yield bytes(length + 1)

    with pytest.raises(PackTooShort, match="too many"):
        list(one_large(100, too_much).stream())


class Endless:
    """Chunks of a store without end, which hold a connection until closed."""

    closed = False

    def __iter__(self) -> "Endless":
        return self

    def __next__(self) -> bytes:
        return bytes(1 << 20)

    def close(self) -> None:
        self.closed = True


def test_closing_the_stream_lets_go_of_the_store() -> None:
    chunks = Endless()
    stream = one_large(1 << 40, lambda offset, length: chunks).stream()
    next(stream)
    assert not chunks.closed
    stream.close()
    assert chunks.closed


def test_closing_the_stream_calls_off_keys_nobody_has_begun_with(monkeypatch: pytest.MonkeyPatch) -> None:
    view = pack_of({f"{n}": noise(BLOCK, n) for n in range(20)}).view()
    derived = _count_keys(view, monkeypatch)
    free = threading.Event()
    busy = [ahead_module._pool().submit(free.wait, 5) for _ in range(ahead_module._pool()._max_workers)]
    stream = view.stream()
    next(stream)
    stream.close()
    free.set()
    assert all(job.result(timeout=5) for job in busy)
    _let_the_pool_finish()
    assert derived == [0]


def test_keys_are_derived_ahead_but_only_so_far_and_not_after_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = pack_of({f"{n}": noise(BLOCK, n) for n in range(60)})
    view = pack.view()
    derived = _count_keys(view, monkeypatch)
    stream = view.stream()
    for _ in range(3):
        next(stream)
    _let_the_pool_finish()
    assert 3 + ahead_module.LOOK_AHEAD // 2 <= len(derived) <= 4 + ahead_module.LOOK_AHEAD
    next(stream)
    stream.close()
    _let_the_pool_finish()
    assert len(derived) <= 5 + ahead_module.LOOK_AHEAD


def _count_keys(view: SealedView, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by each member whose keys are derived."""
    derived: list[int] = []
    derive = view.keys

    def counted(number: int) -> MemberKeys:
        derived.append(number)
        return derive(number)

    monkeypatch.setattr(view, "keys", counted)
    return derived


def _let_the_pool_finish() -> None:
    """Jobs begin in the order sent: when ones sent now are done by every thread, all earlier ones have begun."""
    workers = ahead_module._pool()._max_workers
    together = threading.Barrier(workers)
    for job in [ahead_module._pool().submit(together.wait, 5) for _ in range(workers)]:
        job.result(timeout=5)


def test_a_range_deep_in_a_very_large_archive_costs_as_much_as_its_length() -> None:
    asked: list[tuple[int, int]] = []
    block = bytes(1 << 20)

    def read(offset: int, length: int) -> Iterator[bytes]:
        asked.append((offset, length))
        while length:
            yield block[:length]
            length -= min(length, len(block))

    size = 5 << 40
    view = one_large(size, read)
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

    view = one_large(200 << 20, read)
    tracemalloc.start()
    try:
        for _ in view.stream():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 << 20
