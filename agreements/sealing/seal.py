"""The sealed archive as a view: any range of it, made while it is read, in constant memory."""

import hashlib
from collections.abc import Generator
from contextlib import closing
from threading import Event

from agreements.sealing.framing import framed
from agreements.sealing.index import ArchiveIndex
from agreements.sealing.keys import MemberKeys, member_keys, password_bytes, salt_for
from agreements.sealing.layout import LAYOUT_VERSION, Layout
from agreements.sealing.reading import Read
from agreements.sealing.records import TAG_BYTES
from agreements.sealing.stream import Run, member_code
from agreements.sealing.tags import MemoryTags, TagStore


class SealedView:
    """One archive under one password.

    ``read(offset, length)`` reads the pack and must be usable from two threads; ``tags`` keeps authentication
    codes that took a pass over a member. Raises ValueError for a password that is not printable ASCII.
    """

    def __init__(  # noqa: PLR0917 - what a view is made of
        self,
        index: ArchiveIndex,
        layout: Layout,
        password: str,
        salt_key: bytes,
        read: Read,
        tags: TagStore | None = None,
    ) -> None:
        if layout.index is not index and layout.index != index:
            raise ValueError("The layout is not that of this index.")
        self.index = index
        self.layout = layout
        self.read = read
        self.tags: TagStore = MemoryTags() if tags is None else tags
        self._password = password_bytes(password)
        self._salt_key = salt_key

    @property
    def size(self) -> int:
        """Length of the sealed archive in bytes."""
        return self.layout.total_size

    def etag(self, seal_id: bytes, number: int, key_number: int) -> str:
        """A strong ETag, quotes included; see ``etag_for``."""
        return etag_for(self.index.digest, seal_id=seal_id, number=number, key_number=key_number)

    def salt(self, number: int) -> bytes:
        """The 16-byte salt of a member."""
        return salt_for(self._salt_key, self.index.digest, number)

    def keys(self, number: int) -> MemberKeys:
        """The keys of a member; costs about half a millisecond."""
        return member_keys(self._password, self.salt(number))

    def member_needing_a_pass(self, start: int, stop: int) -> int | None:
        """The member whose code this range holds without holding all of its data, or None. There is at most one.

        Unless the tag store knows the code, streaming the range reads that whole member: charge it to a budget.
        """
        number = self.layout.first_member(start)
        if start >= stop or number >= len(self.index) or self.index.columns.names[number].endswith("/"):
            return None
        tag = self.layout.tag_start(number)
        holds_code = start < tag + TAG_BYTES and stop > tag
        return number if holds_code and start > self.layout.data_start(number) else None

    def stream(self, start: int = 0, stop: int | None = None) -> Generator[bytes, None, None]:
        """The bytes [start, stop) in chunks of up to 256 KiB.

        While a code takes long to compute, an empty chunk comes about once a second, so that the caller can look
        whether it should go on; drop those. Closing the generator ends all work soon. Raises ValueError at once for
        a range outside the archive, and PackTooShort (an OSError) or the store's own errors while streaming.
        """
        return _as_bytes(self.buffers(start, stop))

    def buffers(self, start: int = 0, stop: int | None = None) -> Generator[memoryview, None, None]:
        """The same as views of buffers that stay as they are: for who cuts or copies the chunks anyway."""
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"Bytes {start} to {stop} are not within 0 to {self.size}.")
        return Run(self, start, stop).chunks()

    def code(self, number: int, ended: Event | None = None) -> bytes:
        """The member's 10-byte authentication code, from the tag store or by one pass over the member.

        Raises waiting.Ended soon after ``ended`` is set.
        """
        with self.tags.claim(number):
            known = self.tags.get(number)
            if known is None:
                known = member_code(self, number, ended or Event())
                self.tags.put(number, known)
            return known


def _as_bytes(buffers: Generator[memoryview, None, None]) -> Generator[bytes, None, None]:
    with closing(buffers):
        for buffer in buffers:
            yield buffer.tobytes()


def etag_for(archive_digest: bytes, *, seal_id: bytes, number: int, key_number: int) -> str:
    """A strong ETag of an archive under a seal, quotes included; needs neither password nor salt key.

    SHA-256 over seal id, seal number, key number, archive digest and layout version, each length-prefixed, cut
    to 128 bits.
    """
    numbers = (value.to_bytes(8, "big") for value in (number, key_number))
    inputs = framed(b"countersign/etag/1", seal_id, *numbers, archive_digest, LAYOUT_VERSION.to_bytes(4, "big"))
    return f'"{hashlib.sha256(inputs).hexdigest()[:32]}"'
