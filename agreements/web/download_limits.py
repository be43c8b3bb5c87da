"""How many downloads one may begin, and of open archives run at once. Each writes a row that nobody can delete.

The counts are this process's own, as those of `bad_tokens`: generous for people, a bound for a flood. How many sealed
ones run at once for a person is counted across processes, in `grants.downloads.quota`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Final

from agreements.core.clock import now
from agreements.grants.links import tokens
from agreements.web.bad_tokens import WINDOW, network_of

OPEN_MOST: Final = 600
"""Requests for open archives of one client address within the window (seconds: `WINDOW`)."""
LINK_MOST: Final = 6000
"""Requests for bytes by one link within the window. Download tools make some for each connection; a program that reads
single files out of an archive makes some for each file."""
AT_ONCE: Final = 16
"""Downloads of open archives that run at once for one client address."""

_lock = threading.Lock()
_begun: Counter[str] = Counter()
_window = {"began": 0.0}
_running: Counter[str] = Counter()


class TooManyDownloads(Exception):
    """To be tried again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many downloads")
        self.retry_after = retry_after


def count_open(address: str) -> None:
    """Count one request for an open archive. Raises TooManyDownloads."""
    _count(f"open {network_of(address)}", OPEN_MOST)


def count_requests(token: str) -> None:
    """Count one request for bytes by a link, if one of our keys made its token. Raises TooManyDownloads."""
    if (found := tokens.read(token)) is not None:
        _count(f"link {found[0]}", LINK_MOST)


def _count(key: str, most: int) -> None:
    at = now().timestamp()
    with _lock:
        if not 0 <= at - _window["began"] < WINDOW:  # one window for all: nothing is remembered for longer
            _window["began"] = at
            _begun.clear()
        _begun[key] += 1
        if _begun[key] > most:
            raise TooManyDownloads(WINDOW)


class Slot:
    """One of the downloads that a client address may have at once. Raises TooManyDownloads."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._held = True
        with _lock:
            if _running[key] >= AT_ONCE:
                raise TooManyDownloads(30)
            _running[key] += 1

    def release(self) -> None:
        """Give it back; again is no error."""
        with _lock:
            if not self._held:
                return
            self._held = False
            _running[self._key] -= 1
            if not _running[self._key]:
                del _running[self._key]


class InSlot:
    """A stream that gives its slot back when it ends, however it does."""

    def __init__(self, stream: Iterator[bytes], slot: Slot) -> None:
        self._stream = stream
        self._slot = slot

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._stream)
        except BaseException:
            self._slot.release()
            raise

    def close(self) -> None:
        """Close the stream."""
        try:
            if (close := getattr(self._stream, "close", None)) is not None:
                close()
        finally:
            self._slot.release()


def forget() -> None:
    """Begin anew, for tests."""
    with _lock:
        _begun.clear()
        _running.clear()
