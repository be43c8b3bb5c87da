"""What a publishing remembers, so that an interrupted one goes on: the members that were read, and the upload begun.

It lies in the store of archives itself, where every machine finds it, also one that is thrown away after each run, and
is deleted once the archive is published. It saves reading, never checking: a member counts as known only while its
fingerprint is the same, and the stored pack is compared with the digests whatever the journal says.
"""

from __future__ import annotations

import json
import logging
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from agreements.catalog.publishing.packing import Facts
from agreements.catalog.publishing.sources import SourceMember
from agreements.vault.protocol import NoSuchObject, Store

log = logging.getLogger(__name__)

PREFIX: Final = "publishing-"
EVERY: Final = 15.0
"""Seconds between two writings of it; what was read since the last is read again after a kill."""
_SHARE: Final = 20
"""It may cost that part of the time: a journal of a million members takes seconds to write."""
_FORMAT: Final = "countersign-publishing/1"


class Journal:
    """The journal of one source, named by its address."""

    def __init__(self, store: Store, address: str) -> None:
        self.key = f"{PREFIX}{sha256(address.encode()).hexdigest()[:40]}.journal"
        self._store = store
        self._facts: dict[str, Facts] = {}
        self._uploads: dict[str, str] = {}
        self._is_stored = self._load()
        self._is_new = False
        self._next = time.monotonic() + EVERY

    def recall(self, source: SourceMember) -> Facts | None:
        """Return what an earlier try read, unless the member has changed."""
        return self._facts.get(_name(source))

    def note(self, source: SourceMember, facts: Facts) -> None:
        """Remember a member; it is written now and then."""
        self._facts[_name(source)] = facts
        self._is_new = True
        if time.monotonic() >= self._next:
            self.save()

    def drop(self, source: SourceMember) -> None:
        """Forget a member whose bytes turned out to be others."""
        self._is_new |= self._facts.pop(_name(source), None) is not None

    def keep_only(self, sources: Iterable[SourceMember]) -> None:
        """Forget the members that are no longer in the source."""
        names = {_name(source) for source in sources}
        self._facts = {name: facts for name, facts in self._facts.items() if name in names}

    def upload(self, pack_key: str) -> str | None:
        """Return the token of the upload that was begun for a pack, or None."""
        return self._uploads.get(pack_key)

    def begin_upload(self, pack_key: str, token: str) -> None:
        """Remember an upload at once."""
        if self._uploads.get(pack_key) != token:
            self._uploads[pack_key] = token
            self._is_new = True
            self.save()

    def save(self) -> None:
        """Write what is new. Raises OutOfReach."""
        if not self._is_new:
            return
        began = time.monotonic()
        document = {"format": _FORMAT, "facts": {n: _row(f) for n, f in self._facts.items()}, "uploads": self._uploads}
        data = zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 1)
        self._store.put(self.key, [data], expected_size=len(data))
        self._is_new, self._is_stored = False, True
        self._next = time.monotonic() + max(EVERY, _SHARE * (time.monotonic() - began))

    def forget(self) -> None:
        """Delete it. Raises OutOfReach."""
        self._facts, self._uploads, self._is_new = {}, {}, False
        if self._is_stored:
            self._store.delete(self.key)
            self._is_stored = False

    def _load(self) -> bool:
        try:
            data = b"".join(self._store.open_range(self.key, 0, self._store.size(self.key)))
        except NoSuchObject:
            return False
        with suppress(ValueError, KeyError, TypeError, AttributeError, zlib.error):
            document: dict[str, Any] = json.loads(zlib.decompress(data))
            if document["format"] == _FORMAT:
                facts = {str(name): _facts(row) for name, row in document["facts"].items()}
                uploads = {str(key): str(token) for key, token in document["uploads"].items()}
                self._facts, self._uploads = facts, uploads
                return True
        log.warning("the journal %s cannot be read and is not used", self.key)
        return True


def _name(source: SourceMember) -> str:
    return f"{source.fingerprint} {source.method} {source.name}"


def _row(facts: Facts) -> list[int | str]:
    return [*facts[:3], facts.sha256_packed.hex(), facts.sha256_plain.hex()]


def _facts(row: list[Any]) -> Facts:
    packed_size, plain_size, checksum, packed, plain = row
    return Facts(int(packed_size), int(plain_size), int(checksum), bytes.fromhex(packed), bytes.fromhex(plain))
