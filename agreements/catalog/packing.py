"""From an owner's files to an index and a pack: first everything is read and measured, then it is written.

The pack of a sealed archive is its members' packed bytes, one after the other. The pack of an open archive is
a plain zip with the same bytes inside. Either way the index says where each member's bytes are.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from django.utils.translation import gettext as _

from agreements.catalog import plain_zip
from agreements.catalog.sources import SourceMember, inflated
from agreements.core.errors import Invalid
from agreements.sealing import ArchiveIndex, BadIndex, BadMemberName, Member
from agreements.sealing.names import check_names

Progress = Callable[[str, int, int], None]
"""Called with a phase ("reading", "writing", "checking"), the bytes done and the bytes in all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An archive as it will be: its index, the CRC-32 of each member, and whether its pack is a plain zip."""

    index: ArchiveIndex
    checksums: tuple[int, ...]
    is_zip: bool

    @property
    def pack_size(self) -> int:
        """Bytes of the members in the pack (a zip's own records come on top)."""
        return sum(self.index.columns.packed_sizes)

    @property
    def plain_size(self) -> int:
        return sum(self.index.columns.plain_sizes)

    @property
    def pack_key(self) -> str:
        """The name in the vault: the content decides it, so writing again after an interruption is harmless."""
        return f"{'zip' if self.is_zip else 'pack'}-{self.index.digest.hex()}"

    @property
    def index_key(self) -> str:
        return f"{self.pack_key}.index.json"


def measure(sources: Sequence[SourceMember], *, as_zip: bool, progress: Progress) -> Measured:
    """Read every member once. Raises Invalid for damaged bytes and for names that may not be published."""
    # Names first: it would be a pity to read a terabyte before refusing one.
    try:
        check_names(source.name for source in sources)
    except BadMemberName as error:
        raise Invalid(str(error)) from error
    total = sum(source.packed_size for source in sources)
    members: list[Member] = []
    checksums: list[int] = []
    offset = done = 0
    for number, source in enumerate(sources):
        member, checksum = _measure_member(number, source)
        if as_zip:
            offset = plain_zip.data_offset(member, offset)
        members.append(replace(member, offset=offset))
        checksums.append(checksum)
        offset += member.packed_size
        done += member.packed_size
        progress("reading", done, total)
    try:
        return Measured(ArchiveIndex(members), tuple(checksums), as_zip)
    except BadIndex as error:
        raise Invalid(str(error)) from error


def pack(measured: Measured, sources: Sequence[SourceMember], progress: Progress) -> Iterator[bytes]:
    """Give the bytes of the pack. Raises Invalid when a file is no longer what was measured."""
    done = 0

    def data(number: int) -> Iterator[bytes]:
        nonlocal done
        member = measured.index.members[number]
        digest = sha256()
        for chunk in sources[number].packed():
            digest.update(chunk)
            yield chunk
            done += len(chunk)
            progress("writing", done, measured.pack_size)
        if digest.digest() != member.sha256_packed:
            raise Invalid(_("%(name)s changed while it was being published.") % {"name": member.name})

    if measured.is_zip:
        yield from plain_zip.chunks(measured.index.members, measured.checksums, data)
    else:
        for number in range(len(sources)):
            yield from data(number)


def same_content(one: ArchiveIndex, other: ArchiveIndex) -> bool:
    """Tell whether two indexes hold the same files. A new modification time alone is no new version."""
    a, b = one.columns, other.columns
    return (a.names, a.methods, a.sha256_packed) == (b.names, b.methods, b.sha256_packed)


def _measure_member(number: int, source: SourceMember) -> tuple[Member, int]:
    packed, plain = sha256(), sha256()
    packed_size = plain_size = checksum = 0

    def counted() -> Iterator[bytes]:
        nonlocal packed_size
        for chunk in source.packed():
            packed.update(chunk)
            packed_size += len(chunk)
            yield chunk

    for chunk in inflated(source, counted()):
        plain.update(chunk)
        plain_size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
    _check_sizes(source, packed_size, plain_size, checksum)
    member = Member(
        number=number,
        name=source.name,
        method=source.method,
        plain_size=plain_size,
        packed_size=packed_size,
        mtime=source.mtime,
        sha256_packed=packed.digest(),
        sha256_plain=plain.digest(),
        offset=0,
    )
    return member, checksum


def _check_sizes(source: SourceMember, packed_size: int, plain_size: int, checksum: int) -> None:
    if (packed_size, plain_size) != (source.packed_size, source.plain_size):
        raise Invalid(_("%(name)s does not have the length that was announced; did it change?") % {"name": source.name})
    if source.checksum is not None and source.checksum != checksum:
        raise Invalid(_("%(name)s: its checksum is wrong; the zip is damaged.") % {"name": source.name})
