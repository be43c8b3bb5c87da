"""Authentication codes that took a whole pass over a member, kept so that the pass is made once."""

from contextlib import AbstractContextManager
from threading import Lock
from typing import Protocol


class TagStore(Protocol):
    """Keeps the codes of one archive under one seal (number and key number included), by member number."""

    def get(self, number: int) -> bytes | None:
        """The member's 10-byte authentication code, or None."""

    def put(self, number: int, tag: bytes) -> None:
        """Keeps the code."""

    def claim(self, number: int) -> AbstractContextManager[object]:
        """Held while the code is computed; who waits for it finds the code with ``get``."""


class MemoryTags:
    """A TagStore for as long as the process lives; threads that share it compute each code once."""

    def __init__(self) -> None:
        self._tags: dict[int, bytes] = {}
        self._locks: dict[int, Lock] = {}
        self._guard = Lock()

    def get(self, number: int) -> bytes | None:
        return self._tags.get(number)

    def put(self, number: int, tag: bytes) -> None:
        self._tags[number] = tag

    def claim(self, number: int) -> AbstractContextManager[object]:
        with self._guard:
            return self._locks.setdefault(number, Lock())
