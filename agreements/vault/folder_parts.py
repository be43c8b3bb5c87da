"""An object of a folder that is written in parts: a hidden file beside its place, and a journal of what is whole.

The journal's first line says which object it is; each further entry is the number of a part whose bytes had reached
the disk before it was written. Nothing else is believed after a crash.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agreements.vault.parts import check_all_there, check_part, part_size, sizes_of_parts
from agreements.vault.protocol import OutOfReach

PREFIX: Final = ".parts-"
JOURNAL: Final = ".journal"
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
# A number, ended by a dot: an entry of which a crash left only the beginning has none. Each begins with a new line,
# so that what is written after such a piece is not read together with it.
_ENTRY: Final = re.compile(rb"^(\d+)\.$", re.MULTILINE)


class FolderParts:
    """See `protocol.Parts`."""

    def __init__(self, folder: Path, key: str, token: str, size: int, part: int) -> None:
        self.token = token
        self.part_size = part
        self._folder = folder
        self._key = key
        self._size = size
        self._sizes = sizes_of_parts(size, part)
        self._file = folder / f"{PREFIX}{token}"
        self._journal = folder / f"{PREFIX}{token}{JOURNAL}"

    def stored(self) -> dict[int, int]:
        with _reached(self._key):
            entries = _ENTRY.findall(self._journal.read_bytes().partition(b"\n")[2])
        numbers = {int(entry) for entry in entries}
        return {number: self._sizes[number] for number in sorted(numbers) if number < len(self._sizes)}

    def write(self, number: int, data: bytes) -> None:
        check_part(number, data, self._sizes)
        with _reached(self._key), _opened(self._file, os.O_WRONLY) as file:
            write_at(file, data, number * self.part_size)
            os.fdatasync(file)
            with _opened(self._journal, os.O_WRONLY | os.O_APPEND) as journal:
                os.write(journal, b"\n%d." % number)

    def finish(self) -> None:
        check_all_there(self.stored(), self._sizes)
        with _reached(self._key):
            with _opened(self._file, os.O_RDWR) as file:
                if os.fstat(file).st_size != self._size:
                    raise OutOfReach(f"{self._key}: its parts were changed by somebody else")
                os.fsync(file)
            self._file.replace(self._folder / self._key)
            sync_folder(self._folder)
            self._journal.unlink(missing_ok=True)

    def abandon(self) -> None:
        with _reached(self._key):
            self._journal.unlink(missing_ok=True)
            self._file.unlink(missing_ok=True)


def begin(folder: Path, key: str, size: int) -> FolderParts:
    """Make the hidden file and its journal. Raises OutOfReach, also when the disk has no room for the object."""
    parts = FolderParts(folder, key, secrets.token_hex(16), size, part_size(size))
    with _reached(key):
        free = shutil.disk_usage(folder).free
        if free < size:
            raise OutOfReach(f"{key} needs {size} bytes; {folder} has {free} left")
        with _opened(parts._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
            os.ftruncate(file, size)
        head = json.dumps({"key": key, "size": size, "part": parts.part_size})
        with _opened(parts._journal, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as journal:
            os.write(journal, head.encode())
            os.fsync(journal)
        sync_folder(folder)
    return parts


def resume(folder: Path, key: str, token: str, size: int) -> FolderParts | None:
    """Return what `begin` made under that token, or None if it is not there or was for another object."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        head = json.loads((folder / f"{PREFIX}{token}{JOURNAL}").read_bytes().partition(b"\n")[0])
        if (folder / f"{PREFIX}{token}").stat().st_size != size or (head["key"], head["size"]) != (key, size):
            return None
        return FolderParts(folder, key, token, size, int(head["part"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # A journal of which not even the first line is whole: nothing was stored after it.
        return None
    except OSError as error:
        raise OutOfReach(f"{key}: {error}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    with _opened(folder, os.O_RDONLY) as opened:
        os.fsync(opened)


def write_at(file: int, data: bytes, position: int) -> None:
    """Write all of the bytes at a position of an open file. Raises OSError."""
    left = memoryview(data)
    while left:
        written = os.pwrite(file, left, position)
        left = left[written:]
        position += written


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    opened = os.open(path, flags | os.O_CLOEXEC, 0o640)
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _reached(key: str) -> Iterator[None]:
    try:
        yield
    except OutOfReach:
        raise
    except OSError as error:
        raise OutOfReach(f"{key}: {error}") from error
