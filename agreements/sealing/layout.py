"""Where every byte of a sealed archive is, known before the first one is made.

The archive is: for each member its local header, salt, password verifier, data and authentication code; then
the central directory and the end records. All of it follows from the index, so the length is arithmetic and any
range can be mapped to the parts it touches.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from agreements.sealing import records
from agreements.sealing.index import ArchiveIndex
from agreements.sealing.keys import SALT_BYTES, VERIFIER_BYTES

LAYOUT_VERSION = 1
"""Raised whenever one byte of any sealed archive would come out differently; part of the ETag."""


class Part(Enum):
    """What a stretch of the archive is."""

    LOCAL = "local header"
    SALT = "salt"
    VERIFIER = "password verifier"
    DATA = "encrypted data"
    TAG = "authentication code"
    CENTRAL = "central directory record"
    END = "end records"


class Segment(NamedTuple):
    """Bytes [start, stop) of one part of one member, counted from the part's own beginning."""

    part: Part
    number: int
    start: int
    stop: int


class Layout:
    """The layout of one archive; ``total_size`` is its length in bytes."""

    def __init__(self, index: ArchiveIndex) -> None:
        self.index = index
        c = index.columns
        starts = array("Q", [0])
        local_sizes = array("I")
        central = array("Q")
        place, central_place = 0, 0
        for name, plain, packed in zip(c.names, c.plain_sizes, c.packed_sizes, strict=True):
            length = len(name) if name.isascii() else len(name.encode())
            directory = name.endswith("/")
            local = records.LOCAL_FIXED + length + records.extra_size(packed, plain, directory)
            central.append(central_place)
            central_place += records.CENTRAL_FIXED + length
            central_place += records.central_extra_size(packed, plain, directory, place)
            place += local + records.sealed_size(packed, directory)
            local_sizes.append(local)
            starts.append(place)
        self._starts = starts
        self._local_sizes = local_sizes
        self._central = central
        self.central_start = place
        self.central_size = central_place
        self.total_size = place + central_place + records.end_size(len(index), place, central_place)

    def local_start(self, number: int) -> int:
        """Where a member's local header begins."""
        return self._starts[number]

    def data_start(self, number: int) -> int:
        """Where a member's encrypted data begins. Only for members that are not directories."""
        return self._starts[number] + self._local_sizes[number] + SALT_BYTES + VERIFIER_BYTES

    def tag_start(self, number: int) -> int:
        """Where a member's authentication code begins."""
        return self.data_start(number) + self.index.columns.packed_sizes[number]

    def first_member(self, position: int) -> int:
        """The number of the member that holds this byte, or the count of members when it lies behind them."""
        return bisect_right(self._starts, position) - 1

    def segments(self, start: int, stop: int) -> Iterator[Segment]:
        """The segments of bytes [start, stop), in order, none empty. Raises ValueError outside the archive."""
        if not 0 <= start <= stop <= self.total_size:
            raise ValueError(f"Bytes {start} to {stop} are not within 0 to {self.total_size}.")
        for part, number, place, size in self._parts(start):
            if place >= stop:
                return
            first, last = max(start - place, 0), min(stop - place, size)
            if first < last:
                yield Segment(part, number, first, last)

    def _parts(self, start: int) -> Iterator[tuple[Part, int, int, int]]:
        """(part, number, where it begins, size) from the member that holds byte ``start`` on."""
        count, sizes, names = len(self.index), self.index.columns.packed_sizes, self.index.columns.names
        for number in range(self.first_member(start), count):
            place = self._starts[number]
            yield Part.LOCAL, number, place, self._local_sizes[number]
            if names[number].endswith("/"):
                continue
            place += self._local_sizes[number]
            yield Part.SALT, number, place, SALT_BYTES
            yield Part.VERIFIER, number, place + SALT_BYTES, VERIFIER_BYTES
            place += SALT_BYTES + VERIFIER_BYTES
            yield Part.DATA, number, place, sizes[number]
            yield Part.TAG, number, place + sizes[number], records.TAG_BYTES
        end = self.central_start + self.central_size
        first = max(bisect_right(self._central, start - self.central_start) - 1, 0)
        for number in range(first, count):
            place = self._central[number]
            following = self._central[number + 1] if number + 1 < count else self.central_size
            yield Part.CENTRAL, number, self.central_start + place, following - place
        yield Part.END, count, end, self.total_size - end

    def record(self, segment: Segment) -> bytes:
        """The bytes of a segment that is plain: a local header, a central directory record or the end."""
        if segment.part is Part.LOCAL:
            whole = records.local_header(self.index.members[segment.number])
        elif segment.part is Part.CENTRAL:
            member = self.index.members[segment.number]
            whole = records.central_header(member, self._starts[segment.number])
        elif segment.part is Part.END:
            whole = records.end_records(len(self.index), self.central_start, self.central_size)
        else:
            raise ValueError(f"A {segment.part.value} is not a plain record.")
        return whole[segment.start : segment.stop]
