"""A member's authentication code: HMAC-SHA1 over its encrypted bytes, computed on another core where one is free.

SHA-1 is two thirds of the work on a large member (0.52 of 0.76 ns a byte). Beside the cipher it makes one stream
1.35 times as fast for 10 % more processor time. (The cipher beside the code gains less: it is the smaller half.)
So there are as many helpers as other cores, and nobody waits for one.
"""

import hmac
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Condition, Semaphore

from agreements.sealing.cores import other_cores
from agreements.sealing.records import TAG_BYTES

BATCH = 1024 * 1024
"""Bytes handed over at once. Waking a thread costs 20 to 50 microseconds; SHA-1 of this much takes 540."""
WAITING = 1
"""Batches that may wait behind the one a helper works on, so that it never waits itself."""
HELPED_FROM = 4 * BATCH
"""Members smaller than this get no help: it would hardly have begun, and their keys need the other core."""
ALONE = 8 * BATCH
"""Bytes done in line after no helper was free: while they are still in the cache, not once a batch is full."""


class Authentication:
    """The code of one member of ``size`` bytes. For one thread at a time; the helper's part is within."""

    def __init__(self, key: bytes, size: int) -> None:
        self._mac = hmac.new(key, digestmod="sha1")
        self._alone = 0 if size >= HELPED_FROM else size
        self._batch: list[memoryview] = []
        self._size = 0
        self._waiting: deque[list[memoryview]] = deque()
        self._helped = False
        self._change = Condition()

    def update(self, data: memoryview) -> None:
        """The next encrypted bytes, which must not change any more."""
        if self._alone > 0:
            self._alone -= len(data)
            self._mac.update(data)
            return
        self._batch.append(data)
        self._size += len(data)
        if self._size >= BATCH:
            self._hand_over()

    def finish(self, data: memoryview) -> bytes:
        """The last encrypted bytes, which may change afterwards. Returns the code, 10 bytes."""
        with self._change:
            self._change.wait_for(lambda: not self._helped)
        self._add(self._batch)
        self._mac.update(data)
        return self._mac.digest()[:TAG_BYTES]

    def _hand_over(self) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        with self._change:
            self._change.wait_for(lambda: len(self._waiting) < WAITING)
            if self._helped:
                self._waiting.append(batch)
                return
        pool, free = _helpers()
        if free.acquire(blocking=False):
            self._helped = True
            self._waiting.append(batch)
            pool.submit(self._help, free)
        else:
            self._add(batch)
            self._alone = ALONE

    def _help(self, free: Semaphore) -> None:
        while True:
            with self._change:
                if not self._waiting:
                    self._helped = False
                    free.release()
                    self._change.notify()
                    return
                batch = self._waiting.popleft()
                self._change.notify()
            self._add(batch)

    def _add(self, batch: list[memoryview]) -> None:
        for data in batch:
            self._mac.update(data)


@cache
def _helpers() -> tuple[ThreadPoolExecutor, Semaphore]:
    """Threads shared by all streams of the process, and how many of them are free."""
    count = other_cores()
    return ThreadPoolExecutor(max(1, count), thread_name_prefix="sealing-codes"), Semaphore(count)


if hasattr(os, "register_at_fork"):
    # A forked process inherits the pool object but none of its threads.
    os.register_at_fork(after_in_child=_helpers.cache_clear)
