"""Reading the pack in long sequential runs, however small the members are."""

from collections.abc import Callable, Iterator
from contextlib import suppress

Read = Callable[[int, int], Iterator[bytes | memoryview]]
"""``read(offset, length)`` gives exactly those bytes of the pack as chunks of any size (1 MiB is good)."""

READ_SPAN = 256 * 1024 * 1024
"""Asked of the store at once. Long enough that an object store's first-byte time does not count; short enough
that a slow reader does not hold one connection to it for hours."""


class PackTooShort(OSError):
    """The store gave fewer (or more) bytes than were asked for: the download must end, not go on with wrong bytes."""


class PackReader:
    """Hands out consecutive stretches of the pack, opening a new run only where the last one ended."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._chunks: Iterator[bytes | memoryview] = iter(())
        self._chunk = memoryview(b"")
        self._position = 0
        self._left = 0

    def take(self, offset: int, length: int, wanted: Callable[[], int] | None = None) -> Iterator[memoryview]:
        """The bytes [offset, offset + length) as views that stay valid until the next one is taken.

        ``wanted()`` says how many bytes from ``offset`` will be wanted in order, members that follow included.
        Raises PackTooShort.
        """
        first = offset
        while length:
            if self._position != offset or not self._left:
                run = wanted() - (offset - first) if wanted else length
                self._open(offset, min(max(run, length), READ_SPAN))
            if not self._chunk:
                self._next_chunk()
            view = self._chunk[:length]
            self._chunk = self._chunk[len(view) :]
            self._position += len(view)
            self._left -= len(view)
            offset += len(view)
            length -= len(view)
            yield view

    def close(self) -> None:
        """Lets go of the store's connection or file."""
        self._chunk = memoryview(b"")
        closing = getattr(self._chunks, "close", None)
        self._chunks = iter(())
        if closing is not None:
            with suppress(Exception):
                closing()

    def _open(self, offset: int, length: int) -> None:
        self.close()
        self._chunks = self._read(offset, length)
        self._position = offset
        self._left = length

    def _next_chunk(self) -> None:
        for chunk in self._chunks:
            if len(chunk) > self._left:
                raise PackTooShort(f"The pack gave too many bytes at {self._position}.")
            if chunk:
                self._chunk = memoryview(chunk)
                return
        raise PackTooShort(f"The pack ended at byte {self._position}; {self._left} more were expected.")
