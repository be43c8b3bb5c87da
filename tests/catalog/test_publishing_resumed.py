"""An interrupted publishing goes on: nothing is read or written twice for nothing, and nothing wrong is believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agreements.catalog import archives
from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing import journal, sources
from agreements.catalog.publishing.journal import Journal
from agreements.catalog.publishing.packing import Facts
from agreements.catalog.publishing.publish import publish_archive
from agreements.catalog.withdrawing import withdraw_archive
from agreements.core import clock
from agreements.core.errors import DomainError, NotPossible
from agreements.vault.folder_parts import FolderParts
from agreements.vault.protocol import Store
from agreements.vault.s3_parts import S3Parts
from tests.catalog.conftest import SETUP
from tests.catalog.interruptions import interrupted_at, large, published_right, read, store, written

__all__ = ["large", "read", "store", "written"]


def test_what_was_read_before_an_interruption_is_not_read_again(
    store: Store, train40: Subset, large: Path, read: list[str]
) -> None:
    interrupted_at("reading", 0.7, train40, large)
    done = [name for name in read if name.startswith("large")]
    read.clear()
    archive = publish_archive(subset=train40, source=large, by=SETUP, progress=lambda *_: None)
    again = read[: read.index("large3.bin") + 1]
    assert "large0.bin" in done
    assert "large0.bin" not in again, "measuring it once is enough"
    published_right(archive, large)


def test_parts_that_are_stored_are_not_written_again(
    store: Store, train40: Subset, large: Path, read: list[str], written: list[int]
) -> None:
    interrupted_at("writing", 0.6, train40, large)
    assert written == [0, 1]
    assert [name for name in store.names() if name.startswith("pack-")] == [], "half an object never shows"
    read.clear()
    written.clear()
    archive = publish_archive(subset=train40, source=large, by=SETUP)
    assert written == [2, 3, 4]
    assert "large0.bin" not in read, "what lies in stored parts is not even opened"
    published_right(archive, large)
    assert sorted(store.names()) == sorted([archive.pack_key, archive.index_key]), "the journal is gone"
    assert list(store.leftovers()) == []


def test_an_interruption_while_it_is_checked_costs_the_check_alone(
    store: Store, train40: Subset, large: Path, read: list[str], written: list[int]
) -> None:
    interrupted_at("checking", 0.5, train40, large)
    read.clear()
    written.clear()
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)
    assert (read, written) == ([], [])


def test_a_file_that_changed_meanwhile_is_read_again_even_if_its_size_and_time_say_otherwise(
    store: Store, train40: Subset, large: Path
) -> None:
    interrupted_at("writing", 0.6, train40, large)
    place = large / "large0.bin"
    before = place.stat()
    place.write_bytes(b"other" + place.read_bytes()[5:])
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (place.stat().st_size, place.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)


def test_an_upload_that_the_store_forgot_is_begun_again(
    store: Store, train40: Subset, large: Path, written: list[int]
) -> None:
    interrupted_at("writing", 0.6, train40, large)
    store.forget_abandoned(clock.now().replace(year=clock.now().year + 1))
    written.clear()
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)
    assert written == [0, 1, 2, 3, 4]


def test_a_journal_that_is_wrong_publishes_nothing_and_is_not_believed_twice(
    store: Store, train40: Subset, large: Path
) -> None:
    interrupted_at("writing", 0.6, train40, large)
    kept = Journal(store, sources.address_of(large))
    with sources.opened(large) as members:
        last = next(member for member in members if member.name == "large3.bin")
        known = kept.recall(last)
        assert known is not None
        kept.note(last, Facts(*known[:3], b"\x01" * 32, known.sha256_plain))
        kept.save()
    with pytest.raises(DomainError, match=r"large3\.bin changed while it was being published"):
        publish_archive(subset=train40, source=large, by=SETUP)
    assert not Archive.objects.exists()
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)


def test_parts_that_hold_other_bytes_publish_nothing_and_are_not_used_twice(
    store: Store, train40: Subset, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as rotten:
        for kind in (FolderParts, S3Parts):
            write = kind.write
            rotten.setattr(kind, "write", lambda self, number, data, w=write: w(self, number, data[::-1]))
        interrupted_at("writing", 0.6, train40, large)
    with pytest.raises(NotPossible, match="did not give back what was written"):
        publish_archive(subset=train40, source=large, by=SETUP)
    assert not Archive.objects.exists()
    assert list(store.names()) == []
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)


@pytest.mark.parametrize("data", [b"", b"not what it was", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_journal_that_cannot_be_read_is_not_used(store: Store, train40: Subset, source: Path, data: bytes) -> None:
    store.prepare()
    store.put(Journal(store, sources.address_of(source)).key, [data])
    published_right(publish_archive(subset=train40, source=source, by=SETUP), source)
    assert len(list(store.names())) == 2


def test_a_withdrawn_version_s_content_can_be_published_again_as_a_new_one(
    store: Store, train40: Subset, source: Path, written: list[int]
) -> None:
    first = publish_archive(subset=train40, source=source, by=SETUP)
    withdraw_archive(archive=first, reason="the wrong split", by=SETUP)
    written.clear()
    again = publish_archive(subset=train40, source=source, by=SETUP)
    assert (again.version, again.digest, again.pack_key) == (2, first.digest, first.pack_key)
    assert archives.current(train40) == [again]
    assert written == [], "its pack is there"


def test_the_journal_is_not_written_more_often_than_it_is_worth(
    store: Store, train40: Subset, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []
    monkeypatch.setattr(Journal, "save", lambda self: saved.append(self.key))
    publish_archive(subset=train40, source=large, by=SETUP)
    assert len(saved) <= 2
    assert journal.EVERY >= 10


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_of_two_that_publish_the_same_at_once_both_end_with_the_one_version(
    store: Store, train40: Subset, large: Path, share: float
) -> None:
    others: list[Archive] = []

    def let_another_finish(phase: str, done: int, total: int) -> None:
        if phase == "writing" and done >= share * total and not others:
            others.append(publish_archive(subset=train40, source=large, by=SETUP))

    mine = publish_archive(subset=train40, source=large, by=SETUP, progress=let_another_finish)
    assert [mine] == others
    published_right(mine, large)
