"""One archive with a member of each kind, and one with a single very large member."""

from agreements.sealing import ArchiveIndex, Layout, Member, SealedView
from agreements.sealing.cipher import BLOCK
from agreements.sealing.reading import Read
from tests.sealing.packs import MTIME, PASSWORD, SALT_KEY, noise, pack_of

FILES = {
    "empty": b"",
    "d/": b"",
    "d/one": noise(1, 1),
    "d/blocks": noise(4096, 2),
    "d/large": noise(3 * BLOCK + 5, 3),
    "e/": b"",
    "图像.jpg": noise(999, 4),
    "last": b"",
}
PACK = pack_of(FILES, chunk=50_021)
WHOLE = PACK.sealed()
LAYOUT = Layout(PACK.index)


def one_large(size: int, read: Read) -> SealedView:
    member = Member(0, "large.bin", 0, size, size, MTIME, bytes(32), bytes(32), 0)
    index = ArchiveIndex([member])
    return SealedView(index, Layout(index), PASSWORD, SALT_KEY, read)
