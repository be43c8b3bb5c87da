"""Objects that are written in parts, for every store alike: the arithmetic, and streams cut to other lengths."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from agreements.vault.protocol import Parts, Store

PART: Final = 16 * 1024 * 1024
"""Bytes of a part when nothing asks for more. One part is held in memory."""
MOST_PARTS: Final = 10_000
"""S3's limit on the parts of one object."""


def part_size(expected_size: int | None) -> int:
    """Return the size of parts, in bytes, with which an object of that size has room in 10,000 of them.

    All parts but the last have one size: some servers ask for that.
    """
    needed = -(-(expected_size or 0) // (MOST_PARTS - 100))
    return max(PART, -(-needed // PART) * PART)


def sizes_of_parts(size: int, part: int) -> list[int]:
    """Return the size of every part of an object of `size` bytes; an empty object has none."""
    whole, rest = divmod(size, part)
    return [part] * whole + [rest] * (rest > 0)


def check_part(number: int, data: bytes, sizes: list[int]) -> None:
    """Raise ValueError unless there is a part of that number and it is as long as `data`."""
    if not 0 <= number < len(sizes):
        raise ValueError(f"there is no part {number} of {len(sizes)}")
    if len(data) != sizes[number]:
        raise ValueError(f"part {number} has {sizes[number]} bytes, not {len(data)}")


def check_all_there(stored: dict[int, int], sizes: list[int]) -> None:
    """Raise ValueError unless every part is stored."""
    missing = [number for number in range(len(sizes)) if number not in stored]
    if missing:
        raise ValueError(f"part {missing[0]} and {len(missing) - 1} more of {len(sizes)} are not there")


def begun(store: Store, key: str, token: str | None, *, size: int, note: Callable[[str], object]) -> Parts:
    """Return the parts of an object that an earlier try began under `token`, or new ones where there are none.

    `note` is given the token of new ones before anything is written. Look first whether the object is there: one that
    was finished would be begun anew. Raises OutOfReach.
    """
    parts = store.resume_parts(key, token, size=size) if token else None
    if parts is None:
        parts = store.begin_parts(key, size=size)
        note(parts.token)
    return parts


def missing_runs(stored: Collection[int], count: int) -> Iterator[range]:
    """Give the runs of parts that are not stored, of `count` parts numbered from 0."""
    first = 0
    for number in [*sorted(stored), count]:
        if number > first:
            yield range(first, number)
        first = number + 1


def regrouped(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give a stream in pieces of `size` bytes, the last one shorter; an empty stream gives none."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= size:
            yield bytes(memoryview(buffer)[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


class Feed:
    """A stream of chunks that is taken, or compared, in pieces of other lengths."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def take(self, length: int) -> Iterator[memoryview]:
        """Give the next bytes; fewer if the stream ends."""
        while length and self._filled():
            piece = self._rest[:length]
            self._rest = self._rest[len(piece) :]
            length -= len(piece)
            yield piece

    def begins_with(self, data: bytes) -> bool:
        """Tell whether these are the next bytes, and go on behind them."""
        expected = memoryview(data)
        for piece in self.take(len(expected)):
            # As bytes: views are compared item by item, which is slower than sealing.
            if bytes(piece) != bytes(expected[: len(piece)]):
                return False
            expected = expected[len(piece) :]
        return not expected

    def is_over(self) -> bool:
        """Tell whether nothing is left."""
        return not self._filled()

    def _filled(self) -> bool:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._rest = memoryview(chunk)
        return True
