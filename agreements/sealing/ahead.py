"""Deriving the keys of coming members on other cores while the present one is encrypted.

PBKDF2 is two thirds of the work in an archive of many small members, and lets other threads run.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from agreements.sealing.cores import other_cores
from agreements.sealing.keys import MemberKeys

LOOK_AHEAD = 8
"""Members whose keys may be waiting. Four milliseconds of work at most are in vain when a stream is closed."""

Derive = Callable[[int], MemberKeys]


class KeysAhead:
    """The keys of the given members, to be taken in that order. Close it, or leave its ``with`` block, when done."""

    def __init__(self, derive: Derive, numbers: Iterator[int]) -> None:
        self._derive = derive
        self._numbers = numbers
        self._waiting: deque[tuple[int, Future[MemberKeys]]] = deque()

    def __enter__(self) -> "KeysAhead":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def take(self, number: int) -> MemberKeys:
        """The keys of the next member, which must be ``number``."""
        self._top_up()
        expected, future = self._waiting.popleft()
        if expected != number:
            raise RuntimeError(f"Keys were taken out of order: {number} instead of {expected}.")
        if not future.done():
            if future.cancel():
                return self._derive(number)
            self._help()
        return future.result()

    def close(self) -> None:
        """Calls off what has not begun."""
        self._numbers = iter(())
        while self._waiting:
            self._waiting.pop()[1].cancel()

    def _top_up(self) -> None:
        while len(self._waiting) < LOOK_AHEAD:
            number = next(self._numbers, None)
            if number is None:
                return
            self._waiting.append((number, _pool().submit(self._derive, number)))

    def _help(self) -> None:
        """Derives the first keys nobody has begun with, rather than stand idle while another thread is busy."""
        for place, (number, future) in enumerate(self._waiting):
            if future.cancel():
                done: Future[MemberKeys] = Future()
                done.set_result(self._derive(number))
                self._waiting[place] = (number, done)
                return


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads shared by all streams of the process: one per stream would be hundreds, most of them idle."""
    workers = min(8, max(1, other_cores()))
    return ThreadPoolExecutor(workers, thread_name_prefix="sealing-keys")


if hasattr(os, "register_at_fork"):
    # A forked process inherits the pool object but none of its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
