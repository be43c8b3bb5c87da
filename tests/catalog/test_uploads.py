"""Uploads piece by piece: exactly the bytes that were announced, whatever breaks on the way."""

from __future__ import annotations

import datetime as dt
import errno
import os
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Dataset, JobState, PublishJob, SealKind, Subset, Upload
from agreements.catalog.publishing import inbox, jobs, uploads
from agreements.core import wakeups
from agreements.core.clock import frozen, now
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.people.models import User
from tests.faults.at_once import at_once

DATA = bytes(range(256)) * 4


@pytest.fixture(autouse=True)
def _nobody_is_woken() -> Iterator[None]:
    with wakeups.silenced():
        yield


@pytest.fixture
def begun(train40: Subset, dan: User) -> Upload:
    return uploads.begin(subset=train40, file_name="train40.zip", size=len(DATA), by=dan.actor)


def place(upload: Upload) -> Path:
    return inbox.root() / ".uploads" / str(upload.pk)


def test_pieces_make_the_file_for_nobody_elses_eyes(begun: Upload, dan: User) -> None:
    for start in range(0, len(DATA), 100):
        upload = uploads.append(upload=begun, offset=start, data=DATA[start : start + 100], by=dan.actor)
    assert upload.received == Upload.objects.get().received == len(DATA)
    assert uploads.path_of(upload).read_bytes() == DATA
    assert place(upload).stat().st_mode & 0o777 == 0o600
    assert place(upload).parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("offset", [0, 99, 101, 300, -1, 10**15])
def test_a_piece_elsewhere_is_refused_with_the_right_place(begun: Upload, dan: User, offset: int) -> None:
    uploads.append(upload=begun, offset=0, data=DATA[:100], by=dan.actor)
    with pytest.raises(uploads.WrongOffset) as refused:
        uploads.append(upload=begun, offset=offset, data=b"x" * 10, by=dan.actor)
    assert refused.value.received == 100
    assert place(begun).read_bytes() == DATA[:100]


def test_no_more_is_taken_than_was_announced_and_no_larger_piece(
    begun: Upload, dan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid, match="More was sent than was announced"):
        uploads.append(upload=begun, offset=0, data=DATA + b"x", by=dan.actor)
    monkeypatch.setattr(uploads, "PIECE", 10)
    with pytest.raises(Invalid, match="at most 10 bytes"):
        uploads.append(upload=begun, offset=0, data=b"x" * 11, by=dan.actor)
    assert place(begun).read_bytes() == b""


def test_what_is_not_complete_cannot_be_published(begun: Upload, dan: User) -> None:
    uploads.append(upload=begun, offset=0, data=DATA[:-1], by=dan.actor)
    with pytest.raises(NotPossible, match=r"train40.zip has not arrived completely"):
        uploads.path_of(Upload.objects.get())
    with pytest.raises(NotPossible, match="not arrived completely"):
        jobs.ask(subset=begun.subset, name="train40.zip", seal=SealKind.PERSONAL, upload=begun, by=dan.actor)


def test_two_pieces_at_once_are_appended_one_after_the_other(
    transactional_db: None, train40: Subset, dan: User
) -> None:
    for number in range(20):
        upload = uploads.begin(subset=train40, file_name="r.zip", size=1000 + number, by=dan.actor)
        ends = at_once(
            *[partial(_appended, upload, letter * 500, dan) for letter in (b"a", b"b", b"c")],
        )
        assert sorted(map(str, ends)) == [
            "500",
            "This piece does not follow what is there.",
            "This piece does not follow what is there.",
        ]
        held = place(upload).read_bytes()
        assert held in {b"a" * 500, b"b" * 500, b"c" * 500}
        assert Upload.objects.get(pk=upload.pk).received == 500
        uploads.remove(upload=upload, by=dan.actor)


def _appended(upload: Upload, data: bytes, dan: User) -> int:
    mine = Upload.objects.select_related("subset__dataset").get(pk=upload.pk)
    return uploads.append(upload=mine, offset=0, data=data, by=dan.actor).received


def test_bytes_of_a_process_that_died_before_it_counted_them_are_cut_off(begun: Upload, dan: User) -> None:
    uploads.append(upload=begun, offset=0, data=DATA[:100], by=dan.actor)
    with place(begun).open("ab") as file:
        file.write(b"torn")
    uploads.append(upload=begun, offset=100, data=DATA[100:], by=dan.actor)
    assert place(begun).read_bytes() == DATA


def test_bytes_that_a_power_cut_took_are_asked_for_again(begun: Upload, dan: User) -> None:
    uploads.append(upload=begun, offset=0, data=DATA[:100], by=dan.actor)
    os.truncate(place(begun), 40)
    with pytest.raises(uploads.WrongOffset) as refused:
        uploads.append(upload=begun, offset=100, data=DATA[100:], by=dan.actor)
    assert refused.value.received == 40
    uploads.append(upload=begun, offset=40, data=DATA[40:], by=dan.actor)
    assert place(begun).read_bytes() == DATA


def test_the_same_file_again_goes_on_and_another_one_is_another_upload(
    begun: Upload, dan: User, train40: Subset
) -> None:
    uploads.append(upload=begun, offset=0, data=DATA[:100], by=dan.actor)
    again = uploads.begin(subset=train40, file_name="train40.zip", size=len(DATA), by=dan.actor)
    assert (again.pk, again.received) == (begun.pk, 100)
    for name, size in (("other.zip", len(DATA)), ("train40.zip", len(DATA) + 1)):
        assert uploads.begin(subset=train40, file_name=name, size=size, by=dan.actor).pk != begun.pk


def test_an_upload_for_one_subset_moves_to_no_other(begun: Upload, dan: User, train40: Subset, ten: Subset) -> None:
    with pytest.raises(NotPossible, match=r"train40.zip was begun for"):
        uploads.begin(subset=ten, file_name="train40.zip", size=len(DATA), by=dan.actor)
    uploads.append(upload=begun, offset=0, data=DATA, by=dan.actor)
    with pytest.raises(NotPossible, match=r"train40.zip was begun for"):
        jobs.ask(subset=ten, name="open.zip", seal=SealKind.NONE, upload=begun, by=dan.actor)
    assert Upload.objects.get().subset == train40


def test_another_file_of_the_same_name_and_size_is_noticed(train40: Subset, dan: User) -> None:
    data = os.urandom(2_000_000)
    upload = uploads.begin(subset=train40, file_name="a.zip", size=len(data), by=dan.actor)
    assert uploads.samples(upload) == []
    upload = uploads.append(upload=upload, offset=0, data=data[:1000], by=dan.actor)
    assert uploads.samples(upload) == [(0, 1000)]
    upload = uploads.append(upload=upload, offset=1000, data=data[1000:1_500_000], by=dan.actor)
    places = uploads.samples(upload)
    assert (len(places), places[0][0], places[-1][1]) == (16, 0, 1_500_000)
    same = b"".join(data[start:stop] for start, stop in places)
    assert len(same) == 16 * 16 * 1024
    assert uploads.is_same_file(upload=upload, data=same)
    for other in (same[:-1], same + b"x", b"", b"\0" + same[1:], same[:-1] + bytes([same[-1] ^ 1])):
        assert not uploads.is_same_file(upload=upload, data=other)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("train40.tar", 1000, "has to end in .zip"),
        ("", 1000, "has to end in .zip"),
        ("../a.zip", 1000, "has to end in .zip"),
        ("/etc/a.zip", 1000, "has to end in .zip"),
        ("a\0.zip", 1000, "has to end in .zip"),
        ("a\n.zip", 1000, "has to end in .zip"),
        ("x" * 252 + ".zip", 1000, "has to end in .zip"),
        ("a.zip", 21, "no zip that can be published"),
        ("a.zip", -1, "no zip that can be published"),
        ("a.zip", 2**63, "no zip that can be published"),
    ],
)
def test_what_is_no_zip_is_not_begun(train40: Subset, dan: User, name: str, size: int, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        uploads.begin(subset=train40, file_name=name, size=size, by=dan.actor)
    assert not Upload.objects.exists()


def test_there_is_room_for_all_that_was_promised_and_for_the_rest_of_the_server(
    train40: Subset, dan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mib = uploads.MIB
    monkeypatch.setattr(inbox, "free", lambda: 1000 * mib)
    with pytest.raises(NotPossible, match="not enough room"):
        uploads.begin(subset=train40, file_name="a.zip", size=745 * mib, by=dan.actor)
    uploads.begin(subset=train40, file_name="a.zip", size=700 * mib, by=dan.actor)
    with pytest.raises(NotPossible, match="not enough room"):
        uploads.begin(subset=train40, file_name="b.zip", size=100 * mib, by=dan.actor)
    uploads.begin(subset=train40, file_name="c.zip", size=40 * mib, by=dan.actor)


def test_a_dataset_keeps_five_uploads_at_most(train40: Subset, dan: User) -> None:
    made = [uploads.begin(subset=train40, file_name="a.zip", size=100 + n, by=dan.actor) for n in range(5)]
    with pytest.raises(NotPossible, match="5 uploads are kept"):
        uploads.begin(subset=train40, file_name="a.zip", size=200, by=dan.actor)
    uploads.remove(upload=made[0], by=dan.actor)
    uploads.begin(subset=train40, file_name="a.zip", size=200, by=dan.actor)


def test_a_full_disk_loses_the_piece_and_nothing_else(
    begun: Upload, dan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.append(upload=begun, offset=0, data=DATA[:100], by=dan.actor)
    plain = os.pwrite

    def full(file: int, data: Any, position: int) -> int:
        if position >= 150:
            raise OSError(errno.ENOSPC, "No space left on device")
        return plain(file, data[:50], position)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(
            NotPossible, match=r"could not be kept \(No space left on device\)\. What came before it is safe"
        ):
            uploads.append(upload=begun, offset=100, data=DATA[100:], by=dan.actor)
    assert place(begun).read_bytes() == DATA[:100]
    uploads.append(upload=begun, offset=100, data=DATA[100:], by=dan.actor)
    assert place(begun).read_bytes() == DATA


def test_only_a_steward_begins_and_only_who_began_goes_on(begun: Upload, eve: User, genebody: Dataset) -> None:
    with pytest.raises(NotAllowed):
        uploads.begin(subset=begun.subset, file_name="a.zip", size=100, by=eve.actor)
    with pytest.raises(NotAllowed):
        uploads.append(upload=begun, offset=0, data=b"x", by=eve.actor)
    with pytest.raises(NotAllowed):
        uploads.remove(upload=begun, by=eve.actor)


def test_a_removed_upload_takes_no_piece(begun: Upload, dan: User) -> None:
    uploads.remove(upload=begun, by=dan.actor)
    assert not place(begun).exists()
    with pytest.raises(NotPossible, match="no longer kept"):
        uploads.append(upload=begun, offset=0, data=b"x", by=dan.actor)
    with pytest.raises(NotPossible, match="no longer kept"):
        uploads.path_of(Upload.objects.get())
    uploads.remove(upload=begun, by=dan.actor)


def test_what_is_being_published_is_not_removed(begun: Upload, dan: User, train40: Subset) -> None:
    uploads.append(upload=begun, offset=0, data=DATA, by=dan.actor)
    jobs.ask(subset=train40, name="train40.zip", seal=SealKind.PERSONAL, upload=begun, by=dan.actor)
    with pytest.raises(NotPossible, match="is being published"):
        uploads.remove(upload=begun, by=dan.actor)
    with frozen(now() + dt.timedelta(days=30)):
        assert uploads.forget_abandoned() == 0
    assert place(begun).exists()


@pytest.fixture
def week_later() -> Iterator[None]:
    with frozen(now() + uploads.KEPT + dt.timedelta(seconds=1)):
        yield


def test_what_nobody_touched_for_a_week_is_forgotten(begun: Upload, dan: User) -> None:
    with frozen(now() + dt.timedelta(days=6)):
        assert uploads.forget_abandoned() == 0
        uploads.append(upload=begun, offset=0, data=b"x", by=dan.actor)
    with frozen(now() + dt.timedelta(days=12)):
        assert uploads.forget_abandoned() == 0
    with frozen(now() + dt.timedelta(days=14)):
        assert uploads.forget_abandoned() == 1
        assert uploads.forget_abandoned() == 0
    assert Upload.objects.get().removed_at is not None
    assert not place(begun).exists()


def test_what_was_published_is_forgotten_even_if_the_process_died_before(begun: Upload, dan: User) -> None:
    PublishJob.objects.create(subset=begun.subset, upload=begun, name="a.zip", state=JobState.DONE, asked_by=dan)
    assert uploads.forget_abandoned() == 1
    assert not place(begun).exists()


def test_files_without_a_row_are_swept_after_a_week(begun: Upload, week_later: None) -> None:
    stray, other = place(begun).with_name(str(uuid.uuid4())), place(begun).with_name("what-is-this")
    stray.write_bytes(b"x")
    other.write_bytes(b"x")
    uploads.forget_abandoned()
    assert not stray.exists()
    assert other.exists(), "what is not ours is left alone"
