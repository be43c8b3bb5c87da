"""Authentication codes in ranges that do not hold the rest of the member."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from agreements.sealing import MemoryTags, PackTooShort, SealedView
from tests.sealing.packs import PASSWORD, SALT_KEY, pack_of
from tests.sealing.samples import FILES, LAYOUT, PACK, WHOLE, one_large


class TestCodes:
    """The last ten bytes of a member, in ranges that do not hold the rest of it."""

    number = 4

    def test_only_a_range_that_needs_one_reads_the_whole_member(self) -> None:
        view = PACK.view()
        tag = LAYOUT.tag_start(self.number)
        assert view.member_needing_a_pass(tag, tag + 1) == self.number
        assert view.member_needing_a_pass(tag + 9, tag + 10) == self.number
        assert view.member_needing_a_pass(tag - 1, tag + 1) == self.number
        assert view.member_needing_a_pass(tag - 1, tag) is None
        assert view.member_needing_a_pass(tag + 10, tag + 11) is None
        assert view.member_needing_a_pass(LAYOUT.data_start(self.number), tag + 10) is None
        assert view.member_needing_a_pass(0, len(WHOLE)) is None

    def test_the_pass_is_made_once_and_kept(self) -> None:
        pack, tags = pack_of(FILES), MemoryTags()
        tag = LAYOUT.tag_start(self.number)
        for _ in range(3):
            assert b"".join(pack.view(tags=tags).stream(tag, tag + 10)) == WHOLE[tag : tag + 10]
        assert pack.reads == [(pack.index.members[self.number].offset, len(FILES["d/large"]))]
        assert tags.get(self.number) == WHOLE[tag : tag + 10]

    def test_many_at_once_make_it_once(self) -> None:
        pack, tag, all_came = pack_of(FILES), LAYOUT.tag_start(self.number), threading.Barrier(9)
        let_go = threading.Event()

        class Counted(MemoryTags):
            def claim(self, number: int) -> AbstractContextManager[object]:
                all_came.wait(5)
                return super().claim(number)

        def read(offset: int, length: int) -> Iterator[bytes]:
            pack.reads.append((offset, length))
            let_go.wait(5)
            yield pack.data[offset : offset + length]

        tags, got = Counted(), list[bytes]()
        view = SealedView(pack.index, LAYOUT, PASSWORD, SALT_KEY, read, tags)
        threads = [threading.Thread(target=lambda: got.append(b"".join(view.stream(tag, tag + 10)))) for _ in range(8)]
        for thread in threads:
            thread.start()
        all_came.wait(5)
        let_go.set()
        for thread in threads:
            thread.join()
        assert got == [WHOLE[tag : tag + 10]] * 8
        assert len(pack.reads) == 1

    def test_a_store_that_breaks_during_the_pass_ends_the_stream(self) -> None:
        pack = pack_of(FILES)
        pack.data = pack.data[:5000]
        tag = LAYOUT.tag_start(self.number)
        with pytest.raises(PackTooShort):
            list(pack.view().stream(tag, tag + 10))

    def test_closing_ends_a_long_pass(self) -> None:
        size, reached = 1 << 40, threading.Event()

        def read(offset: int, length: int) -> Iterator[bytes]:
            while True:
                yield bytes(1 << 16)
                reached.set()

        view = one_large(size, read)
        tag = view.layout.tag_start(0)
        stream = view.stream(tag, tag + 1)
        assert next(stream) == b""  # a beat: the caller keeps control
        assert reached.wait(5)
        passes = [thread for thread in threading.enumerate() if thread.name == "sealing-code"]
        stream.close()
        for thread in passes:
            thread.join(5)
        assert [thread.is_alive() for thread in passes] == [False]
