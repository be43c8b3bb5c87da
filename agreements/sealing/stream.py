"""Making a range of a sealed archive: the one loop that reads, encrypts and authenticates."""

from collections.abc import Generator, Iterator
from concurrent.futures import Future
from threading import Event
from typing import Protocol

import numpy as np

from agreements.sealing.ahead import KeysAhead
from agreements.sealing.authentication import Authentication
from agreements.sealing.cipher import AES_BLOCK, BLOCK, Bytes, CounterCipher, buffer_for
from agreements.sealing.index import ArchiveIndex
from agreements.sealing.keys import VERIFIER_BYTES, MemberKeys
from agreements.sealing.layout import Layout, Part, Segment
from agreements.sealing.reading import READ_SPAN, PackReader, Read
from agreements.sealing.records import TAG_BYTES
from agreements.sealing.waiting import Ended, answer_of, in_background

Chunks = Generator[memoryview, None, None]

# glibc gives large blocks back to the system when they are freed, and the next one costs a page fault for every
# 4 KiB: 0.1 ns a byte. Having freed one block of 4 MiB it keeps up to 8 MiB instead (mallopt(3), M_MMAP_THRESHOLD).
bytes(4 * 1024 * 1024)

_NOTHING: Bytes = np.empty(0, np.uint8)


class View(Protocol):
    """What of a SealedView is needed here."""

    index: ArchiveIndex
    layout: Layout
    read: Read

    def salt(self, number: int) -> bytes: ...
    def keys(self, number: int) -> MemberKeys: ...
    def code(self, number: int, ended: Event) -> bytes: ...
    def member_needing_a_pass(self, start: int, stop: int) -> int | None: ...


class MemberAtWork:
    """The cipher and the authentication of the member being made."""

    def __init__(self, number: int, size: int, keys: MemberKeys) -> None:
        self.number = number
        self.verifier = keys.verifier
        self.cipher = CounterCipher(keys.aes)
        self.authentication = Authentication(keys.mac, size)


class Run:
    """One range being made."""

    def __init__(self, view: View, start: int, stop: int) -> None:
        self._view = view
        self._start = start
        self._stop = stop
        self._needy = view.member_needing_a_pass(start, stop)
        self._code: Future[bytes] | None = None
        self._ahead = KeysAhead(view.keys, self._members_with_keys())
        self._reader = PackReader(view.read)
        self._at_work: MemberAtWork | None = None
        self._left = stop - start
        self._out: Bytes = _NOTHING
        """The chunk being made, from AES_BLOCK on."""
        self._filled = 0
        self._authenticating: Authentication | None = None
        self._from = 0
        """Where in ``_out`` the bytes begin that it has yet to take in."""

    def chunks(self) -> Chunks:
        """The bytes of the range: chunks of 256 KiB, then a shorter last one."""
        ended = Event()
        try:
            needy = self._needy
            if needy is not None:
                # At once, beside the stream: by the time a slow reader comes to the code, it is there.
                self._code = in_background(lambda ended: self._view.code(needy, ended), ended)
            for segment in self._view.layout.segments(self._start, self._stop):
                yield from self._data(segment) if segment.part is Part.DATA else self._small(segment)
        finally:
            ended.set()
            self._ahead.close()
            self._reader.close()

    def _small(self, segment: Segment) -> Chunks:
        part, number = segment.part, segment.number
        if part is Part.SALT:
            whole = self._view.salt(number)
        elif part is Part.VERIFIER:
            whole = self._member(number).verifier
        elif part is Part.TAG:
            if self._code is not None and number == self._needy:
                whole = yield from answer_of(self._code)
            else:
                whole = self._finished_code(number)
        else:
            whole = self._view.layout.record(segment)
            yield from self._put(whole)
            return
        yield from self._put(whole[segment.start : segment.stop])

    def _finished_code(self, number: int) -> bytes:
        rest = self._made()[self._from :] if self._authenticating else memoryview(b"")
        self._authenticating = None
        return self._member(number).authentication.finish(rest)

    def _put(self, data: bytes) -> Chunks:
        while data:
            count = self._room(len(data))
            at = AES_BLOCK + self._filled
            self._out.data[at : at + count] = data[:count]
            data = data[count:]
            yield from self._advance(count)

    def _data(self, segment: Segment) -> Chunks:
        member = self._member(segment.number)
        if segment.number != self._needy and self._stop > self._view.layout.tag_start(segment.number):
            self._authenticating, self._from = member.authentication, self._filled
        position = segment.start
        offset = self._view.index.columns.offsets[segment.number] + position

        def wanted() -> int:
            return self._run_length(segment)

        for piece in self._reader.take(offset, segment.stop - segment.start, wanted):
            done = 0
            while done < len(piece):
                count = self._room(len(piece) - done)
                member.cipher.apply(piece[done : done + count], position, self._out, AES_BLOCK + self._filled)
                done += count
                position += count
                yield from self._advance(count)

    def _room(self, wanted: int) -> int:
        """How many bytes there is room for in ``_out``; it is made when needed, not while a reader is slow."""
        size = min(BLOCK, self._left)
        if self._out is _NOTHING:
            self._out = buffer_for(size)
        return min(wanted, size - self._filled)

    def _made(self) -> memoryview:
        return self._out.data[AES_BLOCK : AES_BLOCK + self._filled]

    def _advance(self, count: int) -> Chunks:
        """Counts what was put into ``_out``; yields it once it is full, never to be written to again."""
        self._filled += count
        if self._filled < min(BLOCK, self._left):
            return
        chunk = self._made()
        if self._authenticating is not None:
            self._authenticating.update(chunk[self._from :])
        self._left -= self._filled
        self._out = _NOTHING
        self._filled = self._from = 0
        yield chunk

    def _member(self, number: int) -> MemberAtWork:
        if self._at_work is None or self._at_work.number != number:
            size = self._view.index.columns.packed_sizes[number]
            self._at_work = MemberAtWork(number, size, self._ahead.take(number))
        return self._at_work

    def _members_with_keys(self) -> Iterator[int]:
        """The members of which the range holds more than header, salt and an already computed code."""
        layout, names = self._view.layout, self._view.index.columns.names
        for number in range(layout.first_member(self._start), len(names)):
            if names[number].endswith("/"):
                continue
            if layout.data_start(number) - VERIFIER_BYTES >= self._stop:
                return
            tag = layout.tag_start(number)
            if self._start < (tag if number == self._needy else tag + TAG_BYTES):
                yield number

    def _run_length(self, segment: Segment) -> int:
        """How many bytes of the pack from here on are wanted in order, up to what is asked for at once."""
        columns, layout = self._view.index.columns, self._view.layout
        length = segment.stop - segment.start
        if layout.tag_start(segment.number) >= self._stop:
            return length
        end = columns.offsets[segment.number] + segment.stop
        for number in range(segment.number + 1, len(self._view.index)):
            if not columns.packed_sizes[number]:
                continue
            room = self._stop - layout.data_start(number)
            if columns.offsets[number] != end or room <= 0 or length >= READ_SPAN:
                break
            more = min(columns.packed_sizes[number], room)
            length += more
            end += more
        return length


def member_code(view: View, number: int, ended: Event) -> bytes:
    """A member's authentication code by one pass over it. Raises Ended soon after ``ended`` is set."""
    size, position = view.index.columns.packed_sizes[number], 0
    member = MemberAtWork(number, size, view.keys(number))
    reader = PackReader(view.read)
    try:
        for piece in reader.take(view.index.columns.offsets[number], size):
            for start in range(0, len(piece), BLOCK):
                if ended.is_set():
                    raise Ended
                data = piece[start : start + BLOCK]
                out = buffer_for(len(data))
                member.cipher.apply(data, position, out, AES_BLOCK)
                member.authentication.update(out.data[AES_BLOCK : AES_BLOCK + len(data)])
                position += len(data)
    finally:
        reader.close()
    return member.authentication.finish(memoryview(b""))
