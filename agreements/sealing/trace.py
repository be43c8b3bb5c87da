"""Whose seal is on a file that turned up: its salts, compared with those each seal would have made.

Salts are public and can be planted, so a matching salt is a hint; a matching authentication code shows that the
bytes were made with the seal's password.
"""

import hmac
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import TypeVar

from agreements.sealing import records
from agreements.sealing.index import ArchiveIndex
from agreements.sealing.keys import SALT_BYTES, VERIFIER_BYTES, member_keys, password_bytes, salt_for
from agreements.sealing.reading import PackReader, Read

Seal = TypeVar("Seal")

_LOCAL = Struct("<4sHHHHHIIIHH")
_PROLOGUE = SALT_BYTES + VERIFIER_BYTES
_AES_256 = 3
_PROBES = 4


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
            if method != records.METHOD_AES or not flags & records.FLAG_ENCRYPTED:
                place += 1
                continue
            name_end = place + _LOCAL.size + name_size
            end = name_end + extra_size + _PROLOGUE
            if end <= len(window):
                found = _found(bytes(window[place + _LOCAL.size : end]), name_size, size, base + end)
                if found is not None:
                    yield found
                place += 1
                continue
        if not at_end:
            return place
        place += 1
    return max(len(window) - len(records.LOCAL_SIGNATURE) + 1, 0)


def _found(tail: bytes, name_size: int, size: int, data_start: int) -> FoundSalt | None:
    """The finding in what follows a fixed local header, or None when it is not AES-256 after all."""
    extra, prologue = tail[name_size:-_PROLOGUE], tail[-_PROLOGUE:]
    aes = False
    while len(extra) >= 4:
        kind, length = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == records.AES_EXTRA_ID and len(body) == 7 and body[2:4] == b"AE":
            aes = body[4] == _AES_256
        elif kind == 1 and len(body) >= 16:
            size = int.from_bytes(body[8:16], "little")
    if not aes or size < records.OVERHEAD:
        return None
    name = tail[:name_size].decode(errors="replace")
    return FoundSalt(name, prologue[:SALT_BYTES], prologue[SALT_BYTES:], data_start, size - records.OVERHEAD)


def match_salts(
    found: Sequence[FoundSalt],
    indexes: Iterable[ArchiveIndex],
    seals: Iterable[tuple[Seal, bytes]],
) -> Iterator[tuple[Seal, list[SaltMatch]]]:
    """The seals, given as (anything, salt key), that would have made some of the salts found, with which.

    ``indexes`` are the archives that may have been sealed. Per seal and archive four members are tried first, and
    all of them only where one matches: a million seals take seconds. Seals are read once and never kept.
    """
    candidates = [
        [
            SaltMatch(salt, index.digest, number)
            for salt in found
            if (number := index.number_of.get(salt.name)) is not None
            and index.columns.packed_sizes[number] == salt.packed_size
        ]
        for index in indexes
    ]
    spread = [matches[:: max(1, len(matches) // _PROBES)][:_PROBES] for matches in candidates if matches]
    candidates = [matches for matches in candidates if matches]
    for seal, salt_key in seals:
        hits: list[SaltMatch] = []
        for probes, matches in zip(spread, candidates, strict=True):
            if any(_made(salt_key, match) for match in probes):
                hits += [match for match in matches if _made(salt_key, match)]
        if hits:
            yield seal, hits


def _made(salt_key: bytes, match: SaltMatch) -> bool:
    return salt_for(salt_key, match.archive_digest, match.number) == match.found.salt


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
