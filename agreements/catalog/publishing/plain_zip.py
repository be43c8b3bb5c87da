"""The pack of an archive without a seal: a plain ZIP64 file, so that it can be handed out as it is.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3. Sizes and checksums stand in
the local headers; there are no data descriptors. The same members always give the same bytes.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from typing import Final

from agreements.sealing import Member

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4sHHHHIIH")
_UTF8: Final = 0x0800
_FULL_32: Final = 0xFFFFFFFF
_FULL_16: Final = 0xFFFF
_VERSION: Final = 20
_VERSION_64: Final = 45
_MADE_BY_UNIX: Final = (3 << 8) | 63
_FILE_MODE: Final = 0o100644 << 16
_FOLDER_MODE: Final = (0o040755 << 16) | 0x10


def data_offset(member: Member, local_start: int) -> int:
    """Return where a member's bytes begin when its local header begins at `local_start`."""
    return local_start + len(_local_header(member, 0))


def pieces(members: Sequence[Member], checksums: Sequence[int]) -> Iterator[bytes | int]:
    """Give the zip file piece by piece: its own records as bytes, and a member's number where its packed bytes go.

    `checksums` are CRC-32 of the plain bytes.
    """
    position = 0
    central: list[bytes] = []
    for member, checksum in zip(members, checksums, strict=True):
        header = _local_header(member, checksum)
        central.append(_central_record(member, checksum, position))
        yield header
        yield member.number
        position += len(header) + member.packed_size
    directory = b"".join(central)
    yield directory
    yield _end_records(len(members), position, len(directory))


def _local_header(member: Member, checksum: int) -> bytes:
    name = member.name.encode()
    extra = struct.pack("<HHQQ", 1, 16, member.plain_size, member.packed_size) if _is_large(member) else b""
    return _LOCAL.pack(b"PK\x03\x04", *_common(member, checksum), len(name), len(extra)) + name + extra


def _central_record(member: Member, checksum: int, local_start: int) -> bytes:
    name = member.name.encode()
    wide = struct.pack("<QQ", member.plain_size, member.packed_size) if _is_large(member) else b""
    if local_start >= _FULL_32:
        wide += struct.pack("<Q", local_start)
    extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
    mode = _FOLDER_MODE if member.is_directory else _FILE_MODE
    return (
        _CENTRAL.pack(
            b"PK\x01\x02",
            _MADE_BY_UNIX,
            *_common(member, checksum),
            len(name),
            len(extra),
            0,
            0,
            0,
            mode,
            min(local_start, _FULL_32),
        )
        + name
        + extra
    )


def _common(member: Member, checksum: int) -> tuple[int, ...]:
    """The fields that local header and central record share, in their order."""
    date, clock = _dos_time(member.mtime)
    version = _VERSION_64 if _is_large(member) else _VERSION
    sizes = (_FULL_32, _FULL_32) if _is_large(member) else (member.packed_size, member.plain_size)
    return (version, _UTF8, member.method, clock, date, checksum, *sizes)


def _end_records(count: int, start: int, size: int) -> bytes:
    end = _END.pack(
        b"PK\x05\x06",
        0,
        0,
        min(count, _FULL_16),
        min(count, _FULL_16),
        min(size, _FULL_32),
        min(start, _FULL_32),
        0,
    )
    if count < _FULL_16 and max(size, start) < _FULL_32:
        return end
    wide = _END64.pack(b"PK\x06\x06", _END64.size - 12, _MADE_BY_UNIX, _VERSION_64, 0, 0, count, count, size, start)
    return wide + _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1) + end


def _is_large(member: Member) -> bool:
    return max(member.plain_size, member.packed_size) >= _FULL_32


def _dos_time(mtime: int) -> tuple[int, int]:
    """Return date and time as MS-DOS keeps them: from 1980 to 2107, in steps of two seconds (APPNOTE 4.4.6)."""
    t = time.gmtime(mtime)
    if not 1980 <= t.tm_year <= 2107:
        return (33, 0)
    return ((t.tm_year - 1980) << 9 | t.tm_mon << 5 | t.tm_mday, t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec // 2)
