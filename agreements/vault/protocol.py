"""What a store can do, and the little that all stores share."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

CHUNK: Final = 1024 * 1024
"""Bytes read at once."""

_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


class NoSuchObject(LookupError):
    """There is no object of this name."""


class OutOfReach(OSError):
    """The store did not answer, or stopped in the middle and did not come back."""


class Put(NamedTuple):
    """What was written: its length in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


class Leftover(NamedTuple):
    """Something unfinished that a store still holds: its name, its bytes so far, and when it was last written to."""

    name: str
    size: int
    touched_at: dt.datetime


class Parts(Protocol):
    """An object that is written in parts of one size (the last may be shorter), over several tries if need be.

    Any process can go on with it, by `Store.resume_parts` and the `token`. Parts may come in any order and again.
    """

    token: str
    part_size: int
    """Bytes of each part but the last, part `n` of the object beginning at byte `n * part_size`."""

    def stored(self) -> dict[int, int]:
        """Return the parts that are there, by number from 0, with their sizes in bytes."""

    def write(self, number: int, data: bytes) -> None:
        """Store one part, numbered from 0. Raises OutOfReach; ValueError unless it has the length it must have."""

    def finish(self) -> None:
        """Make the object visible, from all parts in their order. Raises OutOfReach; ValueError if one is missing."""

    def abandon(self) -> None:
        """Forget what was written; again is no error."""


class Store(Protocol):
    """Immutable objects under flat names. An object is there whole or not at all."""

    def prepare(self) -> None:
        """Make the folder or the bucket if it is missing. Raises OutOfReach."""

    def put(self, key: str, chunks: Iterable[bytes], *, expected_size: int | None = None) -> Put:
        """Write an object from a stream; it becomes visible at the end. Any exception of `chunks` leaves nothing.

        `expected_size` (bytes) lets S3 choose parts that are large enough; a wrong one does no harm.
        """

    def begin_parts(self, key: str, *, size: int) -> Parts:
        """Begin an object of exactly `size` bytes that is written in parts. Raises OutOfReach."""

    def resume_parts(self, key: str, token: str, *, size: int) -> Parts | None:
        """Return parts begun earlier, or None if the store no longer knows them: abandoned, or finished already.

        So look first whether the object is there. Raises OutOfReach.
        """

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Stream the bytes [start, stop), exactly. Raises NoSuchObject; OutOfReach if they cannot all be had."""

    def one_version(self, key: str) -> Callable[[int, int], Iterator[bytes]]:
        """Return `read(start, stop)` like `open_range`, all of whose ranges are of one version of the object.

        It is the version that the first range was read from; once another is in its place, reads raise OutOfReach.
        Usable from several threads.
        """

    def size(self, key: str) -> int:
        """Return the length in bytes. Raises NoSuchObject."""

    def digest(self, key: str) -> str:
        """Read the whole object again and return its SHA-256 in hex. Raises NoSuchObject."""

    def exists(self, key: str) -> bool:
        """Tell whether there is a whole object of this name."""

    @property
    def signs_addresses(self) -> bool:
        """Whether `presign` returns addresses."""

    def presign(self, key: str, *, filename: str, seconds: int) -> str | None:
        """Return an address from which anybody can download the object for that long, or None."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def leftovers(self) -> Iterator[Leftover]:
        """Give what was begun and not finished, what is being written right now included. Raises OutOfReach."""

    def forget_abandoned(self, older_than: dt.datetime) -> list[Leftover]:
        """Remove what was begun and has not been written to since `older_than`; return it. Raises OutOfReach."""

    def names(self) -> Iterator[str]:
        """Give the names of all objects, in no order that matters. Raises OutOfReach."""


def check_key(key: str) -> str:
    """Return the key. Raises ValueError unless it is flat and safe as a file name and in any S3 server."""
    if not is_key(key):
        raise ValueError(f"{key!r} cannot be the name of a stored object")
    return key


def is_key(text: str) -> bool:
    """Tell whether `check_key` would pass."""
    return _KEY.fullmatch(text) is not None


def check_range(start: int, stop: int, size: int) -> None:
    """Raise ValueError unless [start, stop) lies within an object of that size."""
    if not 0 <= start <= stop <= size:
        raise ValueError(f"bytes {start} to {stop} are not within 0 to {size}")


def digest_of(chunks: Iterable[bytes]) -> str:
    """Return the SHA-256, in hex, of a stream."""
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
