"""From an owner's files to an index: everything is read once and measured, or was measured before an interruption."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import NamedTuple, Protocol

from django.utils.translation import gettext as _

from agreements.catalog.publishing import plain_zip
from agreements.catalog.publishing.sources import SourceMember, inflated
from agreements.core.errors import Invalid
from agreements.sealing import STORED, ArchiveIndex, BadIndex, BadMemberName, Member
from agreements.sealing.names import check_names

Progress = Callable[[str, int, int], None]
"""Called with a phase ("reading", "writing", "checking"), the bytes done and the bytes in all."""


class Facts(NamedTuple):
    """What reading a member told: sizes in bytes, CRC-32 of the plain bytes, SHA-256 of packed and plain ones."""

    packed_size: int
    plain_size: int
    checksum: int
    sha256_packed: bytes
    sha256_plain: bytes


class Remembered(Protocol):
    """What earlier tries told of the members."""

    def recall(self, source: SourceMember) -> Facts | None:
        """Return what is known of a member that has not changed since, or None."""

    def note(self, source: SourceMember, facts: Facts) -> None:
        """Remember a member."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An archive as it will be: its index, the CRC-32 of each member, and whether its pack is a plain zip."""

    index: ArchiveIndex
    checksums: tuple[int, ...]
    is_zip: bool

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


def measure(sources: Sequence[SourceMember], *, as_zip: bool, remembered: Remembered, progress: Progress) -> Measured:
    """Read every member that is not remembered. Raises Invalid for damaged bytes and for names that are refused."""
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
        facts = remembered.recall(source)
        if facts is None:
            facts = _read(source, partial(_onward, progress, done, total))
            remembered.note(source, facts)
        member = _member(number, source, facts)
        if as_zip:
            offset = plain_zip.data_offset(member, offset)
        members.append(replace(member, offset=offset))
        checksums.append(facts.checksum)
        offset += member.packed_size
        done += member.packed_size
        progress("reading", done, total)
    try:
        return Measured(ArchiveIndex(members), tuple(checksums), as_zip)
    except BadIndex as error:
        raise Invalid(str(error)) from error


def same_content(one: ArchiveIndex, other: ArchiveIndex) -> bool:
    """Tell whether two indexes hold the same files. A new modification time alone is no new version."""
    a, b = one.columns, other.columns
    return (a.names, a.methods, a.sha256_packed) == (b.names, b.methods, b.sha256_packed)


def changed(name: str) -> Invalid:
    """Return the refusal of a member that is no longer what was measured."""
    return Invalid(_("%(name)s changed while it was being published.") % {"name": name})


def _onward(progress: Progress, before: int, total: int, here: int) -> None:
    progress("reading", before + here, total)


def _member(number: int, source: SourceMember, facts: Facts) -> Member:
    return Member(
        number=number,
        name=source.name,
        method=source.method,
        plain_size=facts.plain_size,
        packed_size=facts.packed_size,
        mtime=source.mtime,
        sha256_packed=facts.sha256_packed,
        sha256_plain=facts.sha256_plain,
        offset=0,
    )


def _read(source: SourceMember, tell: Callable[[int], None]) -> Facts:
    packed = sha256()
    # Of a stored member they are the same bytes, which are not hashed twice.
    plain = packed if source.method == STORED else sha256()
    packed_size = plain_size = checksum = 0

    def counted() -> Iterator[bytes]:
        nonlocal packed_size
        for chunk in source.packed():
            packed.update(chunk)
            packed_size += len(chunk)
            tell(packed_size)
            yield chunk

    for chunk in inflated(source, counted()):
        if plain is not packed:
            plain.update(chunk)
        plain_size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
    _check_sizes(source, packed_size, plain_size, checksum)
    if not source.is_unchanged():
        # What was read may be half of the one and half of the other.
        raise changed(source.name)
    return Facts(packed_size, plain_size, checksum, packed.digest(), plain.digest())


def _check_sizes(source: SourceMember, packed_size: int, plain_size: int, checksum: int) -> None:
    if (packed_size, plain_size) != (source.packed_size, source.plain_size):
        raise Invalid(_("%(name)s does not have the length that was announced; did it change?") % {"name": source.name})
    if source.checksum is not None and source.checksum != checksum:
        raise Invalid(_("%(name)s: its checksum is wrong; the zip is damaged.") % {"name": source.name})
