"""What the benches of sealing seal: files of a folder read as one pack, a pack in memory, packs that are computed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Semaphore

from agreements.sealing import STORED, ArchiveIndex, Layout, Member, SealedView, authentication
from agreements.sealing.reading import Read

PASSWORD = "7K2F-9MQX-3ABC-WZ8T-HJ4N"
MIB = 1 << 20
LARGE = 64 * MIB
SMALL = 700_000


def files_in(folder: Path, count: int, size: int) -> list[Path]:
    """Return ``count`` new files of the folder, all alike: no tool compresses or compares them."""
    folder.mkdir()
    data = hashlib.shake_128(b"bench").digest(size)
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for path in paths:
        path.write_bytes(data)
    return paths


def index_of(sizes: list[int]) -> ArchiveIndex:
    """Return an index of stored members one after the other."""
    members, place = [], 0
    for number, size in enumerate(sizes):
        name = f"subject/image/{number % 48:02}/{number:05}.jpg"
        members.append(Member(number, name, STORED, size, size, 1_700_000_000, bytes(32), bytes(32), place))
        place += size
    return ArchiveIndex(members)


def view_of(index: ArchiveIndex, read: Read) -> SealedView:
    """Return a view under the benches' password."""
    return SealedView(index, Layout(index), PASSWORD, bytes(32), read)


def view_of_files(paths: list[Path]) -> SealedView:
    """Return a view of files of one size, read in the chunks in which the folder store reads its one file."""
    size = paths[0].stat().st_size

    def read(offset: int, length: int) -> Iterator[bytes]:
        while length:
            number, within = divmod(offset, size)
            with paths[number].open("rb", buffering=0) as file:
                file.seek(within)
                while length and (chunk := file.read(min(MIB, length))):
                    offset, length = offset + len(chunk), length - len(chunk)
                    yield chunk

    return view_of(index_of([size] * len(paths)), read)


def computed(offset: int, length: int) -> Iterator[memoryview]:
    """A pack of any size that takes no time to read: the same MiB again and again."""
    block = memoryview(_BLOCK)
    while length:
        chunk = block[:length]
        length -= len(chunk)
        yield chunk


_BLOCK = bytes(MIB)


def seal(view: SealedView, start: int = 0, stop: int | None = None) -> None:
    """Seal a range and drop it."""
    for _ in view.buffers(start, stop):
        pass


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Within, codes are made in line, as they are when all other cores are busy."""
    original = authentication._helpers
    pool, _ = original()
    authentication._helpers = lambda: (pool, Semaphore(0))  # type: ignore[assignment]
    try:
        yield
    finally:
        authentication._helpers = original
