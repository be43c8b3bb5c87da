"""How far a long command is: bars on a terminal, a line now and then where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

from agreements.core.sizes import size

if TYPE_CHECKING:
    from rich.progress import TaskID

EVERY: Final = 10.0
"""Seconds between two lines."""

Tell = Callable[[str, int, int], None]
"""Called with a phase, the bytes (or things) done and those in all."""


@contextmanager
def telling(
    words: Mapping[str, str], *, write: Callable[[str], object], is_terminal: bool, in_bytes: bool = True
) -> Iterator[Tell]:
    """Give the function that is told of progress. `words` names the phases; lines go to `write`, bars to stderr."""
    if not is_terminal:
        yield Lines(words, write, in_bytes=in_bytes)
        return
    how_much: list[ProgressColumn] = [DownloadColumn(binary_units=True), TransferSpeedColumn()]
    columns = (TextColumn("{task.description}"), BarColumn(), *(how_much if in_bytes else [MofNCompleteColumn()]))
    with RichProgress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bars:
        yield _Bars(words, bars)


def adding(tell: Tell, phase: str, total: int) -> Callable[[int], None]:
    """Return a function for work that tells of each step's amount, where `tell` is told of the sum."""
    done = 0

    def add(amount: int) -> None:
        nonlocal done
        done += amount
        tell(phase, done, total)

    return add


class _Bars:
    """One bar for each phase, made when the phase begins."""

    def __init__(self, words: Mapping[str, str], bars: RichProgress) -> None:
        self._words = words
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            # What was done before begins the bar, so that the time left is reckoned from what is done now.
            self._tasks[phase] = self._bars.add_task(self._words[phase], total=total, completed=done)
        self._bars.update(self._tasks[phase], completed=done, total=total)


class Lines:
    """A line every ten seconds, and one at the end of each phase."""

    def __init__(
        self,
        words: Mapping[str, str],
        write: Callable[[str], object],
        *,
        in_bytes: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._words = words
        self._write = write
        self._said_as: Callable[[int], str] = size if in_bytes else str
        self._monotonic = monotonic
        self._phase = ""
        self._first = 0
        self._began = self._said = 0.0
        self._is_over = False

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = self._monotonic()
        if phase != self._phase:
            self._phase, self._first, self._began, self._said, self._is_over = phase, done, now, now, False
        if done >= total:
            if not self._is_over:
                self._write(f"{self._words[phase]}: all of {self._said_as(total)}.")
            self._is_over = True
        elif now - self._said >= EVERY:
            self._said = now
            left = self._left(done, total, now)
            self._write(f"{self._words[phase]}: {self._said_as(done)} of {self._said_as(total)}{left}.")

    def _left(self, done: int, total: int, now: float) -> str:
        if done <= self._first:
            return ""
        seconds = (total - done) * (now - self._began) / (done - self._first)
        if seconds < 90:
            return f", about {max(1, round(seconds))} s left"
        return f", about {round(seconds / 60)} min left" if seconds < 5400 else f", about {seconds / 3600:.1f} h left"
