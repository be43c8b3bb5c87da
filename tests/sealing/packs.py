"""Small archives for the tests: their pack, their index, and the view of both."""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agreements.sealing import DEFLATED, STORED, ArchiveIndex, Layout, Member, MemoryTags, SealedView

PASSWORD = "7K2F-9MQX-3ABC-WZ8T-HJ4N"
OTHER_PASSWORD = "7K2F-9MQX-3ABC-WZ8T-HJ4M"
SALT_KEY = bytes(range(32))
MTIME = 1_700_000_000


@dataclass
class Pack:
    """A pack in memory with its index; remembers what was read of it."""

    data: bytes
    index: ArchiveIndex
    chunk: int = 1 << 20
    reads: list[tuple[int, int]] = field(default_factory=list)

    def read(self, offset: int, length: int) -> Iterator[memoryview]:
        self.reads.append((offset, length))
        for place in range(offset, offset + length, self.chunk):
            yield memoryview(self.data)[place : min(place + self.chunk, offset + length)]

    def view(self, password: str = PASSWORD, salt_key: bytes = SALT_KEY, tags: MemoryTags | None = None) -> SealedView:
        return SealedView(self.index, Layout(self.index), password, salt_key, self.read, tags)

    def sealed(self, password: str = PASSWORD, salt_key: bytes = SALT_KEY) -> bytes:
        return b"".join(self.view(password, salt_key).stream())


def pack_of(files: Mapping[str, bytes], deflate: bool = False, chunk: int = 1 << 20) -> Pack:
    """The pack of these files in their order; names that end in '/' are directories."""
    data = bytearray()
    members = []
    for number, (name, plain) in enumerate(files.items()):
        squeeze = deflate and not name.endswith("/")
        packed = raw_deflate(plain) if squeeze else plain
        members.append(
            Member(
                number=number,
                name=name,
                method=DEFLATED if squeeze else STORED,
                plain_size=len(plain),
                packed_size=len(packed),
                mtime=MTIME + number,
                sha256_packed=hashlib.sha256(packed).digest(),
                sha256_plain=hashlib.sha256(plain).digest(),
                offset=len(data),
            )
        )
        data += packed
    return Pack(bytes(data), ArchiveIndex(members), chunk)


def raw_deflate(plain: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(plain) + deflater.flush()


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same in each run."""
    return hashlib.shake_128(b"noise%d" % seed).digest(size)
