"""A store in a folder: each object is a file, written beside its place and then moved into it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from agreements.vault.protocol import CHUNK, NoSuchObject, OutOfReach, Put, check_key, check_range, digest_of


class FolderStore:
    """Objects as files of one folder. A crash leaves at most a file whose name begins with `.incoming-`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"FolderStore({str(self.folder)!r})"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def put(self, key: str, chunks: Iterable[bytes], *, expected_size: int | None = None) -> Put:
        self.prepare()
        place = self._place(key)
        incoming = self.folder / f".incoming-{secrets.token_hex(8)}"
        digest = sha256()
        size = 0
        try:
            with incoming.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
            incoming.replace(place)
        except BaseException:
            incoming.unlink(missing_ok=True)
            raise
        self._sync_folder()
        return Put(size, digest.hexdigest())

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        check_range(start, stop, self.size(key))
        return self._read(key, start, stop)

    def size(self, key: str) -> int:
        try:
            return self._place(key).stat().st_size
        except FileNotFoundError:
            raise NoSuchObject(key) from None

    def digest(self, key: str) -> str:
        return digest_of(self.open_range(key, 0, self.size(key)))

    def exists(self, key: str) -> bool:
        return self._place(key).is_file()

    def presign(self, key: str, *, filename: str, seconds: int) -> str | None:
        return None

    def delete(self, key: str) -> None:
        self._place(key).unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        return self.folder / check_key(key)

    def _read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        with self._place(key).open("rb", buffering=0) as file:
            file.seek(start)
            while start < stop:
                chunk = file.read(min(CHUNK, stop - start))
                if not chunk:
                    raise OutOfReach(f"{key} ended at byte {start} instead of {stop}")
                start += len(chunk)
                yield chunk

    def _sync_folder(self) -> None:
        """Make the new name itself survive a power cut."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
