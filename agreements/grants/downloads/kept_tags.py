"""Authentication tags of members, kept so that the pass that each of them takes is made once.

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
from agreements.grants.models import Seal, StoredTag
from agreements.sealing import ArchiveIndex

log = logging.getLogger(__name__)

LARGE: Final = 4 * 1024 * 1024
"""Bytes of a member from which its tag is kept in the database and its pass is charged. A pass over less takes some
milliseconds, as any request does, so that keeping it would cost more than making it again."""
REMEMBERED: Final = 20_000
"""Tags in this process's memory, some 5 MB; those not asked for the longest are forgotten first."""


class Name(NamedTuple):
    """What a tag belongs to: a seal as it is now (another number or key makes another tag), an archive, a member.

    Seal and archive by what their bytes are made from: database keys come again after a restore.
    """

    seal_id: str
    number: int
    key_number: int
    digest: str
    member: int


class KeptTags:
    """The `sealing.TagStore` of one archive under one seal."""

    def __init__(self, seal: Seal, archive: Archive, index: ArchiveIndex) -> None:
        self.seal = seal
        self.archive = archive
        self._sizes = index.columns.packed_sizes

    def name(self, number: int) -> Name:
        """Return what the tag of a member is known by."""
        return Name(self.seal.seal_id, self.seal.number, self.seal.key_number, self.archive.digest, number)

    def is_large(self, number: int) -> bool:
        """Return whether a member's tag is worth keeping, and its pass worth charging."""
        return self._sizes[number] >= LARGE

    def get(self, number: int) -> bytes | None:
        """Return a member's tag (10 bytes) from memory or, of a large member, from the database, or None."""
        known = self.peek(number)
        if known is None and self.is_large(number):
            known = self._stored(number)
            if known is not None:
                self.put(number, known)
        return known

    def peek(self, number: int) -> bytes | None:
        """Return a member's tag if it is in memory, or None."""
        name = self.name(number)
        with _lock:
            if name in _tags:
                _tags.move_to_end(name)
            return _tags.get(name)

    def put(self, number: int, tag: bytes) -> None:
        """Keep a tag in memory; `store` keeps it for good."""
        name = self.name(number)
        with _lock:
            _tags[name] = tag
            _tags.move_to_end(name)
            while len(_tags) > REMEMBERED:
                _tags.popitem(last=False)

    def claim(self, number: int) -> AbstractContextManager[object]:
        """Return what is held while a tag is made, so that threads make it once."""
        with _lock:
            found: Claim | None = _claims.get(self.name(number))
            if found is None:
                found = _claims[self.name(number)] = Claim()
            return found

    def store(self, number: int) -> None:
        """Write a tag that is in memory to the database, if it can be reached."""
        tag = self.peek(number)
        if tag is None:
            return
        seal = self.seal
        row = StoredTag(
            seal=seal,
            number=seal.number,
            key_number=seal.key_number,
            archive=self.archive,
            member=number,
            tag=tag,
        )
        try:
            with for_a_moment():
                # Another process may have been as fast; its tag is the same.
                StoredTag.objects.bulk_create([row], ignore_conflicts=True)
        except DatabaseError as error:
            log.warning("a tag of a member cannot be kept: %s", type(error).__name__)

    def _stored(self, number: int) -> bytes | None:
        try:
            with for_a_moment():
                tag = stored(self.seal, self.archive, number).values_list("tag", flat=True).first()
        except DatabaseError as error:
            log.warning("tags of members cannot be read: %s", type(error).__name__)
            return None
        return None if tag is None else bytes(tag)


def stored(seal: Seal, archive: Archive, number: int) -> QuerySet[StoredTag]:
    """Return the row of a member's tag, if there is one."""
    rows = StoredTag.objects.filter(seal=seal, number=seal.number, key_number=seal.key_number)
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

    Threads that make tags wait and work for long, and there are more of them than PostgreSQL has connections.
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
        _tags.clear()


_lock = Lock()
_tags: OrderedDict[Name, bytes] = OrderedDict()
_claims: WeakValueDictionary[Name, Claim] = WeakValueDictionary()
