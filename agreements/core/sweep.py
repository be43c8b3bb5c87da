"""Working off what is due, one thing after another, within a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

# Seconds after which a sweep takes up nothing more. What it took last may run on: a task is killed after 240 s.
BUDGET: Final = 120.0


def taken(
    take: Callable[[], T | None], *, budget: float = BUDGET, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[T]:
    """Yield what `take` claims until it has nothing left or `budget` seconds are over; the rest waits for the next."""
    stop = monotonic() + budget
    while monotonic() < stop:
        thing = take()
        if thing is None:
            return
        yield thing
