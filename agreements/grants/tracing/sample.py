"""What a file that turned up holds of sealed archives: read once, in constant memory, however large it is."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, Final

from agreements.sealing import FoundSalt, read_salts

BLOCK: Final = 256 * 1024
MOST_NAMES: Final = 32 * 1024 * 1024
"""Characters of members' names that are kept at most: a name may have 65,535, and a hostile file a million of them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much work a trace may be: salts that are kept, salts that are derived, codes that are checked per seal.

    `seconds` is for reading and comparing, each; None for no limit.
    """

    salts: int
    derived: int
    codes: int
    seconds: float | None = None


COMMAND: Final = Limits(salts=100_000, derived=2_000_000, codes=8)
PAGE: Final = Limits(salts=10_000, derived=1_000_000, codes=4, seconds=15)


class Deadline:
    """Whether the time given is over."""

    def __init__(self, seconds: float | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = None if seconds is None else monotonic() + seconds

    def is_over(self) -> bool:
        return self._end is not None and self._monotonic() >= self._end


@dataclass(slots=True)
class Sample:
    """The salts of a file: all of them, or as many as are kept, drawn evenly from all over it."""

    size: int
    sha256: str = ""
    searched: int = 0
    seen: int = 0
    salts: list[FoundSalt] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Return whether all of the file was searched and every salt found is kept."""
        return self.searched == self.size and self.seen == len(self.salts)


def read(file: BinaryIO, *, size: int, limits: Limits, told: Callable[[int], object]) -> Sample:
    """Return what is in a file, which is read from its beginning to its end; `told` gets the bytes of each step.

    When the time is over the rest is only hashed.
    """
    sample, hashed, deadline = Sample(size), sha256(), Deadline(limits.seconds)
    file.seek(0)

    def blocks() -> Iterator[bytes]:
        while not deadline.is_over() and (block := file.read(BLOCK)):
            hashed.update(block)
            sample.searched += len(block)
            told(len(block))
            yield block

    _keep(sample, read_salts(blocks()), most=limits.salts)
    while block := file.read(BLOCK):
        hashed.update(block)
        told(len(block))
    sample.sha256 = hashed.hexdigest()
    return sample


def reader(file: BinaryIO) -> Callable[[int, int], Iterator[bytes]]:
    """Return `read(offset, length)` over the file, block by block."""

    def read_range(offset: int, length: int) -> Iterator[bytes]:
        file.seek(offset)
        while length > 0 and (block := file.read(min(length, BLOCK))):
            length -= len(block)
            yield block

    return read_range


def _keep(sample: Sample, found: Iterator[FoundSalt], *, most: int) -> None:
    """Keep every salt while there is room, afterwards each with the same chance (reservoir sampling, Vitter's R)."""
    draw = random.Random(0)  # noqa: S311 - an even choice that is the same in each run, no secret
    names = 0
    for salt in found:
        sample.seen += 1
        if names + len(salt.name) > MOST_NAMES:
            continue
        if len(sample.salts) < most:
            sample.salts.append(salt)
            names += len(salt.name)
        elif (place := draw.randrange(sample.seen)) < most:
            names += len(salt.name) - len(sample.salts[place].name)
            sample.salts[place] = salt
