"""A store in a folder: each object is a file, written beside its place and then moved into it."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from agreements.vault import folder_parts
from agreements.vault.protocol import CHUNK, Leftover, NoSuchObject, OutOfReach, Put, check_key, check_range, digest_of

INCOMING: Final = ".incoming-"


class FolderStore:
    """Objects as files of one folder. A crash leaves at most hidden files, which `leftovers` gives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"FolderStore({str(self.folder)!r})"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def put(self, key: str, chunks: Iterable[bytes], *, expected_size: int | None = None) -> Put:
        self.prepare()
        place = self._place(key)
        incoming = self.folder / f"{INCOMING}{secrets.token_hex(8)}"
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
        folder_parts.sync_folder(self.folder)
        return Put(size, digest.hexdigest())

    def begin_parts(self, key: str, *, size: int) -> folder_parts.FolderParts:
        self.prepare()
        return folder_parts.begin(self.folder, check_key(key), size)

    def resume_parts(self, key: str, token: str, *, size: int) -> folder_parts.FolderParts | None:
        return folder_parts.resume(self.folder, check_key(key), token, size)

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        check_range(start, stop, self.size(key))
        return self._read(key, start, stop)

    def one_version(self, key: str) -> Callable[[int, int], Iterator[bytes]]:
        first: dict[str, tuple[int, ...]] = {}

        def read(start: int, stop: int) -> Iterator[bytes]:
            check_range(start, stop, self.size(key))
            return self._read(key, start, stop, first)

        return read

    def size(self, key: str) -> int:
        try:
            return self._place(key).stat().st_size
        except FileNotFoundError:
            raise NoSuchObject(key) from None

    def digest(self, key: str) -> str:
        return digest_of(self.open_range(key, 0, self.size(key)))

    def exists(self, key: str) -> bool:
        return self._place(key).is_file()

    @property
    def signs_addresses(self) -> bool:
        return False

    def presign(self, key: str, *, filename: str, seconds: int) -> str | None:
        return None

    def delete(self, key: str) -> None:
        self._place(key).unlink(missing_ok=True)

    def leftovers(self) -> Iterator[Leftover]:
        for path in sorted(self.folder.glob(".*")):
            if not path.name.startswith((INCOMING, folder_parts.PREFIX)):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                # Finished in this moment.
                continue
            # Blocks and not the length: a file of parts has its full length from the beginning.
            size = min(status.st_size, status.st_blocks * 512)
            yield Leftover(path.name, size, dt.datetime.fromtimestamp(status.st_mtime, dt.UTC))

    def forget_abandoned(self, older_than: dt.datetime) -> list[Leftover]:
        found = list(self.leftovers())
        # A journal and its parts are written to one after the other, and neither is of use without the other.
        touched: dict[str, dt.datetime] = {}
        for left in found:
            pair = left.name.removesuffix(folder_parts.JOURNAL)
            touched[pair] = max(left.touched_at, touched.get(pair, left.touched_at))
        old = [left for left in found if touched[left.name.removesuffix(folder_parts.JOURNAL)] < older_than]
        for left in old:
            (self.folder / left.name).unlink(missing_ok=True)
        return old

    def names(self) -> Iterator[str]:
        if self.folder.is_dir():
            yield from (path.name for path in self.folder.iterdir() if not path.name.startswith("."))

    def _place(self, key: str) -> Path:
        return self.folder / check_key(key)

    def _read(
        self, key: str, start: int, stop: int, first: dict[str, tuple[int, ...]] | None = None
    ) -> Iterator[bytes]:
        """Give the bytes [start, stop); with `first`, of the version that is noted there or comes to be."""
        with self._place(key).open("rb", buffering=0) as file:
            if first is not None:
                status = os.fstat(file.fileno())
                here = (status.st_ino, status.st_size, status.st_mtime_ns)
                if first.setdefault(key, here) != here:
                    raise OutOfReach(f"{key} was replaced while it was read")
            file.seek(start)
            while start < stop:
                chunk = file.read(min(CHUNK, stop - start))
                if not chunk:
                    raise OutOfReach(f"{key} ended at byte {start} instead of {stop}")
                start += len(chunk)
                yield chunk
