"""Authentication codes of members, kept so that the pass that each of them takes is made once.

In this process's memory, and those of large members in the database too, for other processes and later ones. A
database out of reach costs a pass more, never a download.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

from django.db import DatabaseError, connection
from django.db.models import QuerySet

from agreements.catalog.models import Archive
from agreements.grants.models import MemberCode, Seal
from agreements.sealing import ArchiveIndex

log = logging.getLogger(__name__)

LARGE: Final = 4 * 1024 * 1024
"""Bytes of a member from which its code is kept in the database and its pass is charged. A pass over less takes some
milliseconds, as any request does, so that keeping it would cost more than making it again."""
REMEMBERED: Final = 20_000
"""Codes in this process's memory, some 5 MB; those not asked for the longest are forgotten first."""


class Name(NamedTuple):
    """What a code belongs to: a seal as it is now (another number or key makes another code), an archive, a member.

    Seal and archive by what their bytes are made from: database keys come again after a restore.
    """

    seal_id: str
    number: int
    key_number: int
    digest: str
    member: int


class KeptCodes:
    """The `sealing.TagStore` of one archive under one seal."""

    def __init__(self, seal: Seal, archive: Archive, index: ArchiveIndex) -> None:
        self.seal = seal
        self.archive = archive
        self._sizes = index.columns.packed_sizes

    def name(self, number: int) -> Name:
        """Return what the code of a member is known by."""
        return Name(self.seal.seal_id, self.seal.number, self.seal.key_number, self.archive.digest, number)

    def is_large(self, number: int) -> bool:
        """Return whether a member's code is worth keeping, and its pass worth charging."""
        return self._sizes[number] >= LARGE

    def get(self, number: int) -> bytes | None:
        """Return a member's code (10 bytes) from memory or, of a large member, from the database, or None."""
        known = self.peek(number)
        if known is None and self.is_large(number):
            known = self._stored(number)
            if known is not None:
                self.put(number, known)
        return known

    def peek(self, number: int) -> bytes | None:
        """Return a member's code if it is in memory, or None."""
        name = self.name(number)
        with _lock:
            if name in _codes:
                _codes.move_to_end(name)
            return _codes.get(name)

    def put(self, number: int, tag: bytes) -> None:
        """Keep a code in memory; `store` keeps it for good."""
        name = self.name(number)
        with _lock:
            _codes[name] = tag
            _codes.move_to_end(name)
            while len(_codes) > REMEMBERED:
                _codes.popitem(last=False)

    def claim(self, number: int) -> AbstractContextManager[object]:
        """Return what is held while a code is made, so that threads make it once."""
        with _lock:
            found: Claim | None = _claims.get(self.name(number))
            if found is None:
                found = _claims[self.name(number)] = Claim()
            return found

    def store(self, number: int) -> None:
        """Write a code that is in memory to the database, if it can be reached."""
        code = self.peek(number)
        if code is None:
            return
        seal = self.seal
        row = MemberCode(
            seal=seal,
            number=seal.number,
            key_number=seal.key_number,
            archive=self.archive,
            member=number,
            code=code,
        )
        try:
            with for_a_moment():
                # Another process may have been as fast; its code is the same.
                MemberCode.objects.bulk_create([row], ignore_conflicts=True)
        except DatabaseError as error:
            log.warning("a code of a member cannot be kept: %s", type(error).__name__)

    def _stored(self, number: int) -> bytes | None:
        try:
            with for_a_moment():
                code = stored(self.seal, self.archive, number).values_list("code", flat=True).first()
        except DatabaseError as error:
            log.warning("codes of members cannot be read: %s", type(error).__name__)
            return None
        return None if code is None else bytes(code)


def stored(seal: Seal, archive: Archive, number: int) -> QuerySet[MemberCode]:
    """Return the row of a member's code, if there is one."""
    rows = MemberCode.objects.filter(seal=seal, number=seal.number, key_number=seal.key_number)
    return rows.filter(archive=archive, member=number)


class Claim:
    """A lock that is gone when nobody holds it or waits for it."""

    def __init__(self) -> None:
        self._held = Lock()

    def __enter__(self) -> None:
        self._held.acquire()

    def __exit__(self, *_exc: object) -> None:
        self._held.release()


@contextmanager
def for_a_moment() -> Iterator[None]:
    """Use the database, and leave this thread without a connection if it had none.

    Threads that make codes wait and work for long, and there are more of them than PostgreSQL has connections.
    """
    was_open = connection.connection is not None
    try:
        yield
    finally:
        if not was_open and not connection.in_atomic_block:
            connection.close()


def forget() -> None:
    """Begin anew, for tests."""
    with _lock:
        _codes.clear()


_lock = Lock()
_codes: OrderedDict[Name, bytes] = OrderedDict()
_claims: WeakValueDictionary[Name, Claim] = WeakValueDictionary()
