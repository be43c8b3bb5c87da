"""Objects written in parts: by any process, in any order, over several tries, and visible only at the end."""

from __future__ import annotations

import datetime as dt
import os
import random
import secrets
from hashlib import sha256
from pathlib import Path

import pytest

from agreements.core import clock
from agreements.vault.folder import FolderStore
from agreements.vault.parts import PART, Feed, missing_runs, regrouped
from agreements.vault.protocol import OutOfReach, Store

DATA = random.Random(3).randbytes(2 * PART + 12_345)
PIECES = [DATA[at : at + PART] for at in range(0, len(DATA), PART)]


def test_parts_in_any_order_make_the_object_and_it_shows_only_at_the_end(store: Store) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    assert parts.part_size == PART
    for number in (2, 0, 1):
        parts.write(number, PIECES[number])
        assert not store.exists("sealed-1")
    assert parts.stored() == {0: PART, 1: PART, 2: 12_345}
    parts.finish()
    assert store.digest("sealed-1") == sha256(DATA).hexdigest()
    assert list(store.leftovers()) == []


def test_another_process_goes_on_by_the_token(store: Store) -> None:
    begun = store.begin_parts("sealed-1", size=len(DATA))
    begun.write(0, PIECES[0])
    resumed = store.resume_parts("sealed-1", begun.token, size=len(DATA))
    assert resumed is not None
    assert (resumed.token, resumed.part_size, resumed.stored()) == (begun.token, PART, {0: PART})
    resumed.write(1, PIECES[1])
    begun.write(2, PIECES[2])
    resumed.write(2, PIECES[2])
    resumed.finish()
    assert store.digest("sealed-1") == sha256(DATA).hexdigest()


def test_what_is_not_whole_is_not_finished(store: Store) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    parts.write(1, PIECES[1])
    with pytest.raises(ValueError, match="part 0 and 1 more of 3 are not there"):
        parts.finish()
    assert not store.exists("sealed-1")


@pytest.mark.parametrize(("number", "length"), [(0, PART - 1), (2, PART), (3, 1), (-1, PART)])
def test_a_part_of_another_length_is_refused(store: Store, number: int, length: int) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    with pytest.raises(ValueError, match="part"):
        parts.write(number, bytes(length))


@pytest.mark.parametrize("token", ["", "never-begun", "../../etc/passwd", "0" * 32, "a b"])
def test_a_token_that_the_store_does_not_know_gives_none(store: Store, token: str) -> None:
    store.begin_parts("sealed-1", size=len(DATA))
    assert store.resume_parts("sealed-1", token, size=len(DATA)) is None


def test_what_was_abandoned_is_gone_and_abandoning_again_is_no_error(store: Store) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    parts.write(0, PIECES[0])
    parts.abandon()
    parts.abandon()
    assert store.resume_parts("sealed-1", parts.token, size=len(DATA)) is None
    assert list(store.leftovers()) == []
    with pytest.raises(OutOfReach, match="sealed-1"):
        parts.write(1, PIECES[1])


def test_what_was_finished_is_no_longer_known_by_its_token(store: Store) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    for number, piece in enumerate(PIECES):
        parts.write(number, piece)
    parts.finish()
    assert store.resume_parts("sealed-1", parts.token, size=len(DATA)) is None
    parts.abandon()
    assert store.size("sealed-1") == len(DATA)


def test_an_object_of_no_bytes_needs_no_part(store: Store) -> None:
    parts = store.begin_parts("nothing", size=0)
    parts.finish()
    assert store.size("nothing") == 0
    assert list(store.leftovers()) == []


def test_what_nobody_wrote_to_for_long_is_forgotten_and_what_is_young_is_kept(store: Store) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    parts.write(0, PIECES[0])
    assert store.forget_abandoned(clock.now() - dt.timedelta(days=1)) == []
    assert parts.stored() == {0: PART}
    assert max(left.size for left in store.leftovers()) >= PART
    assert store.forget_abandoned(clock.now() + dt.timedelta(days=1))
    assert list(store.leftovers()) == []
    assert store.resume_parts("sealed-1", parts.token, size=len(DATA)) is None


def test_the_names_of_all_objects_are_given_without_what_is_unfinished(store: Store) -> None:
    store.put("pack-1", [b"x"])
    store.put("pack-2", [b"y"])
    store.begin_parts("sealed-1", size=len(DATA)).write(0, PIECES[0])
    assert sorted(store.names()) == ["pack-1", "pack-2"]


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "vault")


def test_an_entry_of_the_journal_that_a_crash_cut_short_is_not_believed(folder: FolderStore) -> None:
    parts = folder.begin_parts("sealed-1", size=20 * PART)
    parts.write(3, bytes(PART))
    journal = folder.folder / f".parts-{parts.token}.journal"
    with journal.open("ab") as file:
        file.write(b"\n1")
    parts.write(4, bytes(PART))
    assert parts.stored() == {3: PART, 4: PART}


def test_a_token_is_for_one_object(store: Store) -> None:
    parts = store.begin_parts("sealed-1", size=len(DATA))
    assert store.resume_parts("sealed-2", parts.token, size=len(DATA)) is None


def test_a_token_is_for_one_size(folder: FolderStore) -> None:
    parts = folder.begin_parts("sealed-1", size=len(DATA))
    assert folder.resume_parts("sealed-1", parts.token, size=len(DATA) + 1) is None


def test_a_journal_without_its_first_line_is_not_gone_on_with(folder: FolderStore) -> None:
    parts = folder.begin_parts("sealed-1", size=len(DATA))
    os.truncate(folder.folder / f".parts-{parts.token}.journal", 7)
    assert folder.resume_parts("sealed-1", parts.token, size=len(DATA)) is None


def test_a_disk_without_room_is_told_before_the_first_byte(folder: FolderStore) -> None:
    with pytest.raises(OutOfReach, match=r"sealed-1 needs \d+ bytes; .* has \d+ left"):
        folder.begin_parts("sealed-1", size=2**60)
    assert list(folder.leftovers()) == []


def test_files_of_a_killed_put_are_forgotten_too(folder: FolderStore) -> None:
    folder.prepare()
    left = folder.folder / f".incoming-{secrets.token_hex(8)}"
    left.write_bytes(b"half")
    assert [found.name for found in folder.leftovers()] == [left.name]
    folder.forget_abandoned(clock.now() + dt.timedelta(hours=1))
    assert not left.exists()


@pytest.mark.parametrize(
    ("stored", "runs"),
    [([], [range(5)]), ([0, 1, 2, 3, 4], []), ([4, 1], [range(1), range(2, 4)]), ([0], [range(1, 5)])],
)
def test_the_parts_that_are_missing_come_in_runs(stored: list[int], runs: list[range]) -> None:
    assert list(missing_runs(stored, 5)) == runs


def test_a_stream_is_regrouped_into_pieces_of_one_size() -> None:
    assert list(regrouped([b"abc", b"", b"defghij", b"k"], 4)) == [b"abcd", b"efgh", b"ijk"]
    assert list(regrouped([b"abcd"], 4)) == [b"abcd"]
    assert list(regrouped([], 4)) == []


def test_a_stream_is_taken_and_compared_in_pieces_of_other_lengths() -> None:
    def feed() -> Feed:
        return Feed(iter([b"abc", b"", b"de"]))

    both = feed()
    assert (b"".join(both.take(2)), both.begins_with(b"cd"), both.is_over()) == (b"ab", True, False)
    assert (b"".join(both.take(9)), both.is_over()) == (b"e", True)
    assert not feed().begins_with(b"abX")
    assert not feed().begins_with(b"abcdef"), "the stream ends before"
    assert feed().begins_with(b"")
