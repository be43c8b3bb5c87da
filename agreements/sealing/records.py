"""The ZIP records, byte for byte: local headers, central directory, end records.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14-4.3.16 (end
records), 4.5.3 (ZIP64 extra field), and the WinZip AES note for method 99 and extra field 0x9901.
Sizes stand in the local headers: there are no data descriptors.
"""

import struct
import time

from agreements.sealing.index import Member
from agreements.sealing.keys import SALT_BYTES, VERIFIER_BYTES

TAG_BYTES = 10
"""HMAC-SHA1 cut to 80 bits (WinZip AES note, "authentication code")."""
OVERHEAD = SALT_BYTES + VERIFIER_BYTES + TAG_BYTES

LOCAL_SIGNATURE = b"PK\x03\x04"
METHOD_AES = 99
AES_EXTRA_ID = 0x9901
FLAG_ENCRYPTED = 0x0001
FLAG_UTF8 = 0x0800

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4sHHHHIIH")
_AES_EXTRA = struct.Struct("<HHH2sBH")
_VERSION_AES = 51
_VERSION_PLAIN = 20
_VERSION_ZIP64 = 45
_MADE_BY_UNIX = (3 << 8) | 63
_FULL_32 = 0xFFFFFFFF
_FULL_16 = 0xFFFF
_SIZES_64 = 4 + 16
_OFFSET_64 = 8
_FILE_MODE = 0o100644 << 16
_DIRECTORY_MODE = (0o040755 << 16) | 0x10

LOCAL_FIXED = _LOCAL.size
CENTRAL_FIXED = _CENTRAL.size
END_FIXED = _END.size
END_ZIP64 = _END64.size + _LOCATOR.size
AES_EXTRA_SIZE = _AES_EXTRA.size


def sealed_size(packed_size: int, directory: bool) -> int:
    """Bytes of a member after its local header. Directories are not encrypted: there is nothing to encrypt."""
    return 0 if directory else packed_size + OVERHEAD


def extra_size(packed_size: int, plain_size: int, directory: bool) -> int:
    """Bytes of the local extra field."""
    if directory:
        return 0
    return AES_EXTRA_SIZE + (_SIZES_64 if needs_sizes_64(packed_size, plain_size) else 0)


def central_extra_size(packed_size: int, plain_size: int, directory: bool, offset: int) -> int:
    """Bytes of the central extra field: the local one, and the offset when it does not fit 32 bits."""
    size = extra_size(packed_size, plain_size, directory)
    if offset >= _FULL_32:
        size += _OFFSET_64 if not directory and needs_sizes_64(packed_size, plain_size) else 4 + _OFFSET_64
    return size


def needs_sizes_64(packed_size: int, plain_size: int) -> bool:
    return packed_size + OVERHEAD >= _FULL_32 or plain_size >= _FULL_32


def end_size(count: int, central_start: int, central_size: int) -> int:
    """Bytes of all end records."""
    return END_FIXED + (END_ZIP64 if _needs_end_64(count, central_start, central_size) else 0)


def local_header(member: Member) -> bytes:
    """The local file header with its name and extra field."""
    name = member.name.encode()
    extra = _extra(member)
    return _LOCAL.pack(LOCAL_SIGNATURE, *_common(member), len(name), len(extra)) + name + extra


def central_header(member: Member, offset: int) -> bytes:
    """The central directory record of a member whose local header begins at ``offset``."""
    name = member.name.encode()
    extra = _extra(member, offset)
    mode = _DIRECTORY_MODE if member.is_directory else _FILE_MODE
    tail = (len(name), len(extra), 0, 0, 0, mode, min(offset, _FULL_32))
    return _CENTRAL.pack(b"PK\x01\x02", _MADE_BY_UNIX, *_common(member), *tail) + name + extra


def end_records(count: int, central_start: int, central_size: int) -> bytes:
    """The end of central directory, behind its ZIP64 form and locator where a number does not fit."""
    end = _END.pack(
        b"PK\x05\x06",
        0,
        0,
        min(count, _FULL_16),
        min(count, _FULL_16),
        min(central_size, _FULL_32),
        min(central_start, _FULL_32),
        0,
    )
    if not _needs_end_64(count, central_start, central_size):
        return end
    end64 = _END64.pack(
        b"PK\x06\x06",
        _END64.size - 12,
        _MADE_BY_UNIX,
        _VERSION_ZIP64,
        0,
        0,
        count,
        count,
        central_size,
        central_start,
    )
    return end64 + _LOCATOR.pack(b"PK\x06\x07", 0, central_start + central_size, 1) + end


def dos_time(mtime: int) -> tuple[int, int]:
    """(time, date) of an UTC moment in MS-DOS form: two-second steps from 1980 to 2107, clamped."""
    when = time.gmtime(min(max(mtime, 315_532_800), 4_354_819_198))
    date = (when.tm_year - 1980) << 9 | when.tm_mon << 5 | when.tm_mday
    return when.tm_hour << 11 | when.tm_min << 5 | when.tm_sec // 2, date


def _common(member: Member) -> tuple[int, ...]:
    """Version needed to uncompressed size: the fields that both headers share. The CRC is 0, as AE-2 demands."""
    clock, date = dos_time(member.mtime)
    if member.is_directory:
        return _VERSION_PLAIN, FLAG_UTF8, 0, clock, date, 0, 0, 0
    sizes = (member.packed_size + OVERHEAD, member.plain_size)
    if needs_sizes_64(member.packed_size, member.plain_size):
        sizes = (_FULL_32, _FULL_32)
    return _VERSION_AES, FLAG_ENCRYPTED | FLAG_UTF8, METHOD_AES, clock, date, 0, *sizes


def _extra(member: Member, offset: int = 0) -> bytes:
    wide = b""
    if not member.is_directory and needs_sizes_64(member.packed_size, member.plain_size):
        wide += struct.pack("<QQ", member.plain_size, member.packed_size + OVERHEAD)
    if offset >= _FULL_32:
        wide += struct.pack("<Q", offset)
    if wide:
        wide = struct.pack("<HH", 0x0001, len(wide)) + wide
    if member.is_directory:
        return wide
    # Vendor version 2 (AE-2), vendor "AE", strength 3 (AES-256), and the method the bytes really have.
    return wide + _AES_EXTRA.pack(AES_EXTRA_ID, 7, 2, b"AE", 3, member.method)


def _needs_end_64(count: int, central_start: int, central_size: int) -> bool:
    return count >= _FULL_16 or max(central_start, central_size) >= _FULL_32
