"""What an owner hands over for publishing: a folder of files, or a zip whose members keep the bytes they came with."""

from __future__ import annotations

import calendar
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from django.utils.translation import gettext as _

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

    def packed(self) -> Iterator[bytes]:
        """Stream the bytes as they will stand in the pack."""


@dataclass(frozen=True, slots=True)
class FolderMember:
    """A file of a folder; it is stored, because pictures do not deflate."""

    path: Path
    name: str
    mtime: int
    plain_size: int
    method: int = STORED
    checksum: int | None = None

    @property
    def packed_size(self) -> int:
        return self.plain_size

    def packed(self) -> Iterator[bytes]:
        if self.name.endswith("/"):
            return
        with self.path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                yield chunk


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member of a zip: stored stays stored, deflated stays as its owner deflated it."""

    archive: ZipFile
    info: ZipInfo

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

    def packed(self) -> Iterator[bytes]:
        file = self.archive.fp
        assert file is not None
        position = self._data_start(file)
        left = self.packed_size
        while left:
            file.seek(position)
            chunk = file.read(min(CHUNK, left))
            if not chunk:
                raise Invalid(_("%(name)s: the zip ends in the middle of this member.") % {"name": self.name})
            position += len(chunk)
            left -= len(chunk)
            yield chunk

    def _data_start(self, file: IO[bytes]) -> int:
        file.seek(self.info.header_offset)
        header = file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise Invalid(_("%(name)s: the zip is damaged at this member.") % {"name": self.name})
        name_length = int.from_bytes(header[26:28], "little")
        extra_length = int.from_bytes(header[28:30], "little")
        return self.info.header_offset + _LOCAL_HEADER + name_length + extra_length


@contextmanager
def opened(path: Path) -> Iterator[list[SourceMember]]:
    """Open a folder or a zip and give its members in their order. Raises Invalid with what is wrong."""
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
    try:
        with ZipFile(path) as archive:
            members = [_checked(ZipMember(archive, info)) for info in archive.infolist()]
            if not members:
                raise Invalid(_("%(path)s is an empty zip.") % {"path": path})
            yield members
    except BadZipFile as error:
        raise Invalid(_("%(path)s is damaged: %(why)s.") % {"path": path, "why": error}) from error


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


def _folder_members(folder: Path) -> Iterator[FolderMember]:
    """Give the files by name, and the folders that hold nothing. Links are refused: they could lead anywhere."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        here = Path(place)
        for name in sorted([*files, *folders]):
            if (here / name).is_symlink():
                raise Invalid(_("%(path)s is a symbolic link; put the file itself there.") % {"path": here / name})
        if not files and not folders and here != folder:
            yield _of_path(here, folder, suffix="/")
        for name in sorted(files):
            yield _of_path(here / name, folder)


def _of_path(path: Path, folder: Path, suffix: str = "") -> FolderMember:
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or suffix):
        raise Invalid(_("%(path)s is not an ordinary file.") % {"path": path})
    return FolderMember(
        path=path,
        name=path.relative_to(folder).as_posix() + suffix,
        mtime=max(_EPOCH_OF_ZIP, int(status.st_mtime)),
        plain_size=0 if suffix else status.st_size,
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
