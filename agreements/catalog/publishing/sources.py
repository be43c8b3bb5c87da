"""What an owner hands over for publishing: a folder of files, or a zip whose members keep the bytes they came with."""

from __future__ import annotations

import calendar
import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from django.utils.translation import gettext as _

from agreements.catalog.publishing import s3_source
from agreements.core.errors import Invalid
from agreements.sealing import DEFLATED, STORED

CHUNK: Final = 1024 * 1024

# Of a local file header (APPNOTE 4.3.7): its length without name and extra field, and where theirs stand.
_LOCAL_HEADER: Final = 30
_ENCRYPTED: Final = 0x1
_EPOCH_OF_ZIP: Final = calendar.timegm((1980, 1, 1, 0, 0, 0))


class SourceMember(Protocol):
    """One file or empty directory (name ends in '/'). Sizes in bytes; mtime in seconds since 1970, UTC."""

    @property
    def name(self) -> str: ...
    @property
    def method(self) -> int: ...
    @property
    def mtime(self) -> int: ...
    @property
    def packed_size(self) -> int: ...
    @property
    def plain_size(self) -> int: ...
    @property
    def checksum(self) -> int | None:
        """CRC-32 of the plain bytes, where the source says so."""

    @property
    def fingerprint(self) -> str:
        """What tells, without reading, whether the bytes are those of an earlier time."""

    def packed(self, start: int = 0) -> Iterator[bytes]:
        """Stream the bytes as they will stand in the pack, from one of them on."""

    def is_unchanged(self) -> bool:
        """Tell whether the fingerprint is still right."""


@dataclass(frozen=True, slots=True)
class FolderMember:
    """A file of a folder; it is stored, because pictures do not deflate."""

    path: Path
    name: str
    mtime: int
    plain_size: int
    fingerprint: str
    method: int = STORED
    checksum: int | None = None

    @property
    def packed_size(self) -> int:
        return self.plain_size

    def is_unchanged(self) -> bool:
        try:
            return fingerprint_of(self.path.stat(follow_symlinks=False)) == self.fingerprint
        except OSError:
            return False

    def packed(self, start: int = 0) -> Iterator[bytes]:
        if self.name.endswith("/"):
            return
        try:
            # A link that was put in the file's place meanwhile is not followed.
            with open(self.path, "rb", buffering=0, opener=_not_through_a_link) as file:
                file.seek(start)
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise Invalid(
                _("%(name)s cannot be read: %(why)s.") % {"name": self.name, "why": error.strerror}
            ) from error


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member of a zip: stored stays stored, deflated stays as its owner deflated it."""

    archive: ZipFile
    info: ZipInfo
    of_zip: str

    @property
    def name(self) -> str:
        # As written: `filename` ends at a NUL and has been made friendly to this system.
        return self.info.orig_filename

    @property
    def method(self) -> int:
        return self.info.compress_type

    @property
    def mtime(self) -> int:
        # Zip keeps wall-clock time without a zone; nonsense such as month 0 occurs.
        try:
            return max(_EPOCH_OF_ZIP, calendar.timegm((*self.info.date_time, 0, 0, 0)))
        except ValueError:
            return _EPOCH_OF_ZIP

    @property
    def packed_size(self) -> int:
        return self.info.compress_size

    @property
    def plain_size(self) -> int:
        return self.info.file_size

    @property
    def checksum(self) -> int | None:
        return self.info.CRC

    @property
    def fingerprint(self) -> str:
        return f"{self.of_zip} {self.info.header_offset} {self.info.CRC:08x}"

    def is_unchanged(self) -> bool:
        return fingerprint_of(os.fstat(self._file.fileno())) == self.of_zip

    def packed(self, start: int = 0) -> Iterator[bytes]:
        file = self._file
        position = self._data_start(file) + start
        left = self.packed_size - start
        while left:
            file.seek(position)
            chunk = file.read(min(CHUNK, left))
            if not chunk:
                raise Invalid(_("%(name)s: the zip ends in the middle of this member.") % {"name": self.name})
            position += len(chunk)
            left -= len(chunk)
            yield chunk

    @property
    def _file(self) -> IO[bytes]:
        assert self.archive.fp is not None, "members are used while their zip is open"
        return self.archive.fp

    def _data_start(self, file: IO[bytes]) -> int:
        file.seek(self.info.header_offset)
        header = file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise Invalid(_("%(name)s: the zip is damaged at this member.") % {"name": self.name})
        name_length = int.from_bytes(header[26:28], "little")
        extra_length = int.from_bytes(header[28:30], "little")
        return self.info.header_offset + _LOCAL_HEADER + name_length + extra_length


def fingerprint_of(status: os.stat_result) -> str:
    """Return what changes with every change of a file: the time of change too, which no program can set back."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def digest_of(members: Iterable[SourceMember]) -> str:
    """Return a SHA-256 in hexadecimal that is another one once a member's name, size or fingerprint is another."""
    digest = hashlib.sha256()
    for member in members:
        told = [member.name, str(member.packed_size), str(member.plain_size), member.fingerprint]
        digest.update("".join(f"{len(part)}:{part}" for part in told).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def address_of(source: Path | str) -> str:
    """Return the one name of a source: an absolute path, or an address as it was given."""
    return source if isinstance(source, str) else str(source.resolve())


@contextmanager
def opened(source: Path | str) -> Iterator[Sequence[SourceMember]]:
    """Open a folder, a zip or `s3://bucket/prefix` and give its members in their order.

    Raises Invalid with what is wrong, and OutOfReach.
    """
    if isinstance(source, str):
        yield s3_source.members(source)
        return
    path = source
    if path.is_dir():
        members: list[SourceMember] = list(_folder_members(path))
        if not members:
            raise Invalid(_("%(path)s is an empty folder.") % {"path": path})
        yield members
        return
    if not path.exists():
        raise Invalid(_("There is no %(path)s.") % {"path": path})
    if not is_zipfile(path):
        raise Invalid(_("%(path)s is neither a folder nor a zip file.") % {"path": path})
    with _opened_zip(path) as archive:
        assert archive.fp is not None
        of_zip = fingerprint_of(os.fstat(archive.fp.fileno()))
        members = [_checked(ZipMember(archive, info, of_zip)) for info in archive.infolist()]
        if not members:
            raise Invalid(_("%(path)s is an empty zip.") % {"path": path})
        yield members


def inflated(member: SourceMember, packed: Iterator[bytes]) -> Iterator[bytes]:
    """Give the plain bytes of a member from its packed ones, in constant memory. Raises Invalid if they are damaged."""
    if member.method == STORED:
        yield from packed
        return
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    damaged = Invalid(_("%(name)s: its deflated bytes are damaged.") % {"name": member.name})
    try:
        for chunk in packed:
            waiting = chunk
            while waiting and not engine.eof:
                yield engine.decompress(waiting, CHUNK)
                waiting = engine.unconsumed_tail
            if waiting or engine.unused_data:
                raise damaged
        while not engine.eof and (rest := engine.decompress(engine.unconsumed_tail, CHUNK)):
            yield rest
    except zlib.error:
        raise damaged from None
    if not engine.eof:
        raise damaged


def _opened_zip(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    # A name that is not the UTF-8 it claims to be, or a version of the format that does not exist, end otherwise.
    except (BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise Invalid(_("%(path)s is damaged: %(why)s.") % {"path": path, "why": error}) from error


def _folder_members(folder: Path) -> Iterator[FolderMember]:
    """Give the files by name, and the folders that hold nothing. Links are refused: they could lead anywhere."""
    for place, folders, files in os.walk(folder, onerror=_not_readable):
        folders.sort()
        here = Path(place)
        for name in sorted([*files, *folders]):
            if (here / name).is_symlink():
                raise Invalid(_("%(path)s is a symbolic link; put the file itself there.") % {"path": here / name})
        if not files and not folders and here != folder:
            yield _of_path(here, folder, suffix="/")
        for name in sorted(files):
            yield _of_path(here / name, folder)


def _not_readable(error: OSError) -> None:
    # Without this a folder that may not be listed would count as empty.
    raise Invalid(_("%(path)s cannot be read: %(why)s.") % {"path": error.filename, "why": error.strerror}) from error


def _not_through_a_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _of_path(path: Path, folder: Path, suffix: str = "") -> FolderMember:
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or suffix):
        raise Invalid(_("%(path)s is not an ordinary file.") % {"path": path})
    return FolderMember(
        path=path,
        name=path.relative_to(folder).as_posix() + suffix,
        mtime=max(_EPOCH_OF_ZIP, int(status.st_mtime)),
        plain_size=0 if suffix else status.st_size,
        fingerprint=fingerprint_of(status),
    )


def _checked(member: ZipMember) -> ZipMember:
    if member.info.flag_bits & _ENCRYPTED:
        raise Invalid(_("%(name)s is encrypted; hand over a plain zip.") % {"name": member.name})
    if stat.S_ISLNK(member.info.external_attr >> 16):
        raise Invalid(_("%(name)s is a symbolic link; put the file itself there.") % {"name": member.name})
    if member.method not in (STORED, DEFLATED):
        raise Invalid(
            _("%(name)s is compressed with method %(method)d; only stored (0) and deflated (8) can be published.")
            % {"name": member.name, "method": member.method}
        )
    return member
