"""Whose seal is on a file that turned up: its salts, compared with those each seal would have made.

Salts are public and can be planted, so a matching salt is a hint; a matching authentication code shows that the
bytes were made with the seal's password. Neither says who passed them on.
"""

import hmac
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import Self, TypeVar

from agreements.sealing import records
from agreements.sealing.index import ArchiveIndex
from agreements.sealing.keys import SALT_BYTES, VERIFIER_BYTES, member_keys, password_bytes, salt_message
from agreements.sealing.reading import PackReader, Read

Seal = TypeVar("Seal")

_LOCAL = Struct("<4sHHHHHIIIHH")
_FIELD = Struct("<HH")
_PROLOGUE = SALT_BYTES + VERIFIER_BYTES
_AES_256 = 3
_PROBES = 4
_MOST_EXTRA = 1024
"""Bytes of extra fields; ours have 31 at most. More is somebody else's, or there to keep us busy."""


@dataclass(frozen=True, slots=True)
class FoundSalt:
    """A complete local header with its salt. Positions and sizes are bytes of the file searched.

    The encrypted data, ``packed_size`` long, begins at ``data_start``; the file may end before it does.
    """

    name: str
    salt: bytes
    verifier: bytes
    data_start: int
    packed_size: int


@dataclass(frozen=True, slots=True)
class SaltMatch:
    """A found salt that a seal would have made for this member of the archive with this digest."""

    found: FoundSalt
    archive_digest: bytes
    number: int


def read_salts(chunks: Iterable[bytes]) -> Iterator[FoundSalt]:
    """Every AES-256 local header that is complete with its salt in a file or a piece of one, in order.

    Chunks may have any size; memory stays bounded by a chunk and one header (at most about 128 KiB).
    """
    window = bytearray()
    base = 0
    for chunk in chunks:
        window += chunk
        done = yield from _scan(window, base, at_end=False)
        del window[:done]
        base += done
    yield from _scan(window, base, at_end=True)


def _scan(window: bytearray, base: int, at_end: bool) -> Generator[FoundSalt, None, int]:
    """Yields what is complete in the window; returns how many of its bytes are done with.

    Before the end it stops at the first header that more bytes may complete.
    """
    place = 0
    while (place := window.find(records.LOCAL_SIGNATURE, place)) >= 0:
        if place + _LOCAL.size <= len(window):
            _, _, flags, method, _, _, _, size, _, name_size, extra_size = _LOCAL.unpack_from(window, place)
            if method != records.METHOD_AES or not flags & records.FLAG_ENCRYPTED or extra_size > _MOST_EXTRA:
                place += 1
                continue
            name_end = place + _LOCAL.size + name_size
            end = name_end + extra_size + _PROLOGUE
            if end <= len(window):
                size_told = _size_in(bytes(window[name_end : name_end + extra_size]), size)
                if size_told is not None:
                    yield _found(bytes(window[place + _LOCAL.size : end]), name_size, size_told, base + end)
                place += 1
                continue
        if not at_end:
            return place
        place += 1
    return max(len(window) - len(records.LOCAL_SIGNATURE) + 1, 0)


def _size_in(extra: bytes, size: int) -> int | None:
    """The compressed size of a member by its extra fields; None when it is not AES-256 after all."""
    aes, place = False, 0
    while place + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[place : place + 2], "little"),
            int.from_bytes(extra[place + 2 : place + 4], "little"),
        )
        body = extra[place + 4 : place + 4 + length]
        place += 4 + length
        if kind == records.AES_EXTRA_ID and len(body) == 7 and body[2:4] == b"AE":
            aes = body[4] == _AES_256
        elif kind == 1 and len(body) >= 16:
            size = int.from_bytes(body[8:16], "little")
    return size if aes and size >= records.OVERHEAD else None


def _found(tail: bytes, name_size: int, size: int, data_start: int) -> FoundSalt:
    """The finding in what follows a fixed local header, up to the end of the prologue."""
    prologue = tail[-_PROLOGUE:]
    name = tail[:name_size].decode(errors="replace")
    return FoundSalt(name, prologue[:SALT_BYTES], prologue[SALT_BYTES:], data_start, size - records.OVERHEAD)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The salts found that may be of one archive: by name and size they could be its members' by these numbers."""

    digest: bytes
    by_number: dict[int, list[FoundSalt]] = field(repr=False)

    @classmethod
    def of(cls, index: ArchiveIndex, found: Iterable[FoundSalt]) -> Self:
        by_number: dict[int, list[FoundSalt]] = {}
        for salt in found:
            number = index.number_of.get(salt.name)
            if number is not None and index.columns.packed_sizes[number] == salt.packed_size:
                by_number.setdefault(number, []).append(salt)
        return cls(index.digest, by_number)

    def __len__(self) -> int:
        return len(self.by_number)


def match_salts(
    candidates: Iterable[Candidates], seals: Iterable[tuple[Seal, bytes]], *, probes: int = _PROBES
) -> Iterator[tuple[Seal, list[SaltMatch]]]:
    """The seals, given as (anything, salt key), that would have made some of the salts found, with which.

    Per seal and archive ``probes`` members are tried first, from all over the file, and all of them only where one
    matches: a million seals take seconds. All salts found for a member are compared at once, so that salts planted
    beside the right one cost nothing and hide nothing. Seals are read once and never kept.
    """
    places = [(each, _probes(each, probes)) for each in candidates if each.by_number]
    for seal, salt_key in seals:
        hits: list[SaltMatch] = []
        for each, tried in places:
            for message, salts in tried:
                if hmac.digest(salt_key, message, "sha256")[:SALT_BYTES] in salts:
                    hits += _matches(each, salt_key)
                    break
        if hits:
            yield seal, hits


def _probes(candidates: Candidates, most: int) -> list[tuple[bytes, frozenset[bytes]]]:
    """What is hashed for a salt, and the salts found, of some members spread evenly over those found."""
    numbers = list(candidates.by_number)
    spread = [numbers[place * len(numbers) // most] for place in range(most)] if len(numbers) > most else numbers
    return [
        (salt_message(candidates.digest, number), frozenset(each.salt for each in candidates.by_number[number]))
        for number in spread
    ]


def _matches(candidates: Candidates, salt_key: bytes) -> list[SaltMatch]:
    found = []
    for number, salts in candidates.by_number.items():
        made = hmac.digest(salt_key, salt_message(candidates.digest, number), "sha256")[:SALT_BYTES]
        found += [SaltMatch(salt, candidates.digest, number) for salt in salts if salt.salt == made]
    return found


def code_is_authentic(found: FoundSalt, password: str, read: Read, file_size: int) -> bool | None:
    """Whether the member's authentication code was made with the password; None when the file lacks part of it.

    ``read(offset, length)`` reads the file that was searched. One pass over the member.
    """
    end = found.data_start + found.packed_size
    if end + records.TAG_BYTES > file_size:
        return None
    keys = member_keys(password_bytes(password), found.salt)
    if not hmac.compare_digest(keys.verifier, found.verifier):
        return False
    mac = hmac.new(keys.mac, digestmod="sha1")
    reader = PackReader(read)
    try:
        for view in reader.take(found.data_start, found.packed_size):
            mac.update(view)
        code = b"".join(reader.take(end, records.TAG_BYTES))
    finally:
        reader.close()
    return hmac.compare_digest(mac.digest()[: records.TAG_BYTES], code)
