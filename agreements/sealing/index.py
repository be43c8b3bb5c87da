"""What an archive holds: its members, where their bytes are in the pack, and the digest that binds salts to them."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self, overload

from agreements.sealing.framing import framed
from agreements.sealing.names import check_names

STORED = 0
DEFLATED = 8
"""Compression methods (APPNOTE 4.4.5). A deflated member is sealed as it came, not compressed again."""

FORMAT = "countersign-index/1"
MAX_SIZE = 1 << 62
_DIGEST_BYTES = 32


class BadIndex(ValueError):
    """An index that contradicts itself or cannot be read."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file or directory (name ends in '/'). Sizes and offset in bytes, mtime in seconds since 1970, UTC.

    ``packed_size`` and ``sha256_packed`` are of the bytes in the pack, as they will be encrypted.
    """

    number: int
    name: str
    method: int
    plain_size: int
    packed_size: int
    mtime: int
    sha256_packed: bytes
    sha256_plain: bytes
    offset: int

    @property
    def is_directory(self) -> bool:
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Columns:
    """The members, one tuple per field: twenty thousand objects would cost more than reading the file."""

    names: tuple[str, ...]
    methods: tuple[int, ...]
    plain_sizes: tuple[int, ...]
    packed_sizes: tuple[int, ...]
    mtimes: tuple[int, ...]
    offsets: tuple[int, ...]
    sha256_packed: bytes
    sha256_plain: bytes


class Members(Sequence[Member]):
    """The members by number; each is made when it is asked for."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns.names)

    @overload
    def __getitem__(self, number: int) -> Member: ...
    @overload
    def __getitem__(self, number: slice) -> list[Member]: ...
    def __getitem__(self, number: int | slice) -> Member | list[Member]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        c, at = self._columns, number * _DIGEST_BYTES
        return Member(
            number=number,
            name=c.names[number],
            method=c.methods[number],
            plain_size=c.plain_sizes[number],
            packed_size=c.packed_sizes[number],
            mtime=c.mtimes[number],
            sha256_packed=c.sha256_packed[at : at + _DIGEST_BYTES],
            sha256_plain=c.sha256_plain[at : at + _DIGEST_BYTES],
            offset=c.offsets[number],
        )

    def __iter__(self) -> Iterator[Member]:
        return (self[number] for number in range(len(self)))


class ArchiveIndex:
    """The members of one archive, in the order of their numbers, which are 0, 1, 2, ...

    Raises BadMemberName or BadIndex when the members may not be published together.
    """

    def __init__(self, members: Iterable[Member] = ()) -> None:
        members = tuple(members)
        check_names(member.name for member in members)
        for position, member in enumerate(members):
            _check_member(member, position)
        self.columns = Columns(
            names=tuple(m.name for m in members),
            methods=tuple(m.method for m in members),
            plain_sizes=tuple(m.plain_size for m in members),
            packed_sizes=tuple(m.packed_size for m in members),
            mtimes=tuple(m.mtime for m in members),
            offsets=tuple(m.offset for m in members),
            sha256_packed=b"".join(m.sha256_packed for m in members),
            sha256_plain=b"".join(m.sha256_plain for m in members),
        )

    @property
    def members(self) -> Members:
        return Members(self.columns)

    def __len__(self) -> int:
        return len(self.columns.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArchiveIndex) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the canonical index: number, name, method, sizes, mtime and SHA-256 of the packed bytes.

        Column by column, each behind its length: the format's name, the count (8 bytes), the lengths of the
        names (4 bytes each), the names, methods (2), plain sizes (8), packed sizes (8), mtimes (8, signed),
        digests (32); all big-endian. Where the bytes lie in the pack is not part of it.
        """
        c, count = self.columns, len(self)
        names = [name.encode() for name in c.names]
        digest = hashlib.sha256()
        digest.update(framed(FORMAT.encode(), struct.pack(">Q", count), struct.pack(f">{count}I", *map(len, names))))
        digest.update(framed(b"".join(names)))
        del names
        # One at a time: a hundred thousand members would otherwise be held twice.
        digest.update(framed(struct.pack(f">{count}H", *c.methods)))
        for column in (c.plain_sizes, c.packed_sizes):
            digest.update(framed(struct.pack(f">{count}Q", *column)))
        digest.update(framed(struct.pack(f">{count}q", *c.mtimes)))
        digest.update(framed(c.sha256_packed))
        return digest.digest()

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Member numbers by name."""
        return {name: number for number, name in enumerate(self.columns.names)}

    def to_json(self) -> bytes:
        """The index as compact UTF-8 JSON, one list per field; the digests are joined and in base64."""
        c = self.columns
        document: dict[str, Any] = {"format": FORMAT, "digest": self.digest.hex()}
        for field in fields(Columns):
            value = getattr(c, field.name)
            document[field.name] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """The index that ``to_json`` wrote. Raises BadIndex when it is damaged.

        Names are not checked again (they were when it was made): the digest inside shows that they are the same.
        """
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise BadIndex(f"This index has the format {document['format']!r}, not {FORMAT!r}.")
            values: dict[str, Any] = {}
            for field in fields(Columns):
                value = document.pop(field.name)
                values[field.name] = base64.b64decode(value) if isinstance(value, str) else tuple(value)
            columns = Columns(**values)
            index = cls.__new__(cls)
            index.columns = columns
            _check_lengths(columns)
            intact = index.digest.hex() == document["digest"]
        except BadIndex:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
            raise BadIndex(f"This index cannot be read: {error}") from error
        if not intact:
            raise BadIndex("This index is damaged: its digest is not that of its members.")
        return index


def _check_member(member: Member, position: int) -> None:
    def refuse(why: str) -> None:
        raise BadIndex(f"Member {position} ({member.name!r}) {why}.")

    if member.number != position:
        refuse(f"has the number {member.number}")
    if member.method not in (STORED, DEFLATED):
        refuse(f"has the compression method {member.method}; only stored (0) and deflated (8) are known")
    if min(member.plain_size, member.packed_size, member.offset) < 0:
        refuse("has a negative size or offset")
    if max(member.plain_size, member.packed_size, member.offset) > MAX_SIZE:
        refuse("is too large")
    if member.method == STORED and member.plain_size != member.packed_size:
        refuse("is stored, so its two sizes must be equal")
    if member.is_directory and (member.method != STORED or member.plain_size):
        refuse("is a directory and must be stored and empty")
    if not len(member.sha256_packed) == len(member.sha256_plain) == _DIGEST_BYTES:
        refuse("has a digest that is not 32 bytes long")


def _check_lengths(columns: Columns) -> None:
    count = len(columns.names)
    for field in fields(Columns):
        value: Sequence[object] = getattr(columns, field.name)
        wanted = count * _DIGEST_BYTES if field.type in (bytes, "bytes") else count
        if len(value) != wanted:
            raise BadIndex(f"This index is damaged: {field.name} has {len(value)} entries, not {wanted}.")
