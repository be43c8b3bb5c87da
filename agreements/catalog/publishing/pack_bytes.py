"""The bytes of a pack: any stretch of them from the owner's files, and whether what is stored is right.

The pack of a sealed archive is its members' packed bytes, one after the other. The pack of an open archive is
a plain zip with the same bytes inside. Either way the index says where each member's bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from agreements.catalog.publishing import plain_zip
from agreements.catalog.publishing.packing import Measured, changed
from agreements.catalog.publishing.sources import SourceMember
from agreements.core.errors import Invalid
from agreements.vault.parts import Feed


class Changed(Invalid):
    """A member is no longer what was measured."""

    def __init__(self, source: SourceMember) -> None:
        super().__init__(str(changed(source.name)))
        self.source = source


def size(measured: Measured) -> int:
    """Return the length of the pack in bytes."""
    sizes = measured.index.columns.packed_sizes
    return sum(sizes[piece] if isinstance(piece, int) else len(piece) for piece in _pieces(measured))


def stream(measured: Measured, sources: Sequence[SourceMember], start: int = 0) -> Iterator[bytes]:
    """Give the pack from byte `start` on. Raises Changed when a file is not what was measured, as far as it is read."""
    sizes = measured.index.columns.packed_sizes
    position = 0
    for piece in _pieces(measured):
        length = sizes[piece] if isinstance(piece, int) else len(piece)
        skipped = max(0, start - position)
        position += length
        if skipped >= length:
            continue
        if isinstance(piece, int):
            yield from _member(measured, sources[piece], piece, skipped)
        else:
            yield piece[skipped:]


def first_difference(measured: Measured, chunks: Iterator[bytes]) -> str | None:
    """Return the name of the first member whose stored bytes are not what was measured; None if all are right.

    An empty name means the records of a zip, or bytes after the end.
    """
    feed = Feed(chunks)
    for piece in _pieces(measured):
        if not isinstance(piece, int):
            if b"".join(feed.take(len(piece))) != piece:
                return ""
            continue
        member = measured.index.members[piece]
        digest = sha256()
        for part in feed.take(member.packed_size):
            digest.update(part)
        if digest.digest() != member.sha256_packed:
            return member.name
    return None if feed.is_over() else ""


def _pieces(measured: Measured) -> Iterator[bytes | int]:
    if measured.is_zip:
        return plain_zip.pieces(measured.index.members, measured.checksums)
    return iter(range(len(measured.index)))


def _member(measured: Measured, source: SourceMember, number: int, start: int) -> Iterator[bytes]:
    member = measured.index.members[number]
    digest = sha256()
    left = member.packed_size - start
    for chunk in source.packed(start):
        left -= len(chunk)
        if left < 0:
            raise Changed(source)
        digest.update(chunk)
        yield chunk
    if left or (start == 0 and digest.digest() != member.sha256_packed) or not source.is_unchanged():
        raise Changed(source)
