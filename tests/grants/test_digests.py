"""What was downloaded on a day cannot be changed afterwards without the record telling of it."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from hashlib import sha256

import pytest

from agreements.catalog.models import Dataset
from agreements.core import clock
from agreements.grants.downloads import digests
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from tests.grants.scene import NOON, Scene
from tests.ledger import lifting

DAY = dt.timedelta(days=1)
NEXT = NOON.replace(hour=1) + DAY


def download(scene: Scene, at: dt.datetime, *, ends_after: dt.timedelta = dt.timedelta(minutes=1)) -> DownloadOpened:
    opened = DownloadOpened.objects.create(
        process=uuid.UUID(int=7),
        grant=scene.grant,
        link=scene.link,
        archive=scene.sealed,
        at=at,
        range_start=0,
        range_stop=100,
    )
    DownloadClosed.objects.create(opened=opened, at=at + ends_after, bytes_sent=100, seconds=0.1, how=DownloadEnd.DONE)
    return opened


def entries() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(kind=Kind.DOWNLOADS_DIGESTED).order_by("sequence"))


def test_a_day_is_digested_an_hour_after_its_end_and_once(scene: Scene) -> None:
    download(scene, NOON)
    with clock.frozen(NEXT - dt.timedelta(seconds=1)):
        assert digests.digest_due() == 0
    with clock.frozen(NEXT):
        assert digests.digest_due() == 1
        assert digests.digest_due() == 0
    assert entries()[0].subjects == {"dataset": "genebody"}
    assert entries()[0].payload["day"] == "2026-03-02"
    assert (entries()[0].payload["opened"], entries()[0].payload["closed"]) == (1, 1)
    assert digests.verify() == []
    assert verify().holds


def test_the_digest_is_what_its_documentation_says(scene: Scene) -> None:
    row = download(scene, NOON)
    opened = {
        "row": "opened",
        "id": str(row.pk),
        "at": "2026-03-02T12:00:00.000000Z",
        "process": str(row.process),
        "grant": scene.grant.pk,
        "link": scene.link.pk,
        "archive": scene.sealed.pk,
        "generation": None,
        "start": 0,
        "stop": 100,
    }
    closed = {
        "row": "closed",
        "id": str(row.pk),
        "at": "2026-03-02T12:01:00.000000Z",
        "bytes": 100,
        "seconds": "0.100000",
        "how": "done",
    }
    lines = [json.dumps(each, sort_keys=True, separators=(",", ":")) + "\n" for each in (opened, closed)]
    assert digests.of_day(scene.dataset, NOON.date()).sha256 == sha256("".join(lines).encode()).hexdigest()


def test_after_an_outage_every_day_since_is_digested_empty_ones_too(scene: Scene) -> None:
    download(scene, NOON)
    download(scene, NOON + 3 * DAY)
    with clock.frozen(NEXT + 4 * DAY):
        assert digests.digest_due() == 5
    assert [entry.payload["opened"] for entry in entries()] == [1, 0, 0, 1, 0]
    assert list(digests.digested_days(scene.dataset)) == [NOON.date() + n * DAY for n in range(5)]


def test_a_download_over_midnight_is_opened_on_one_day_and_closed_on_the_next(scene: Scene) -> None:
    download(scene, NOON, ends_after=DAY)
    with clock.frozen(NEXT + DAY):
        digests.digest_due()
    told = [(entry.payload["opened"], entry.payload["closed"]) for entry in entries()]
    assert told == [(1, 0), (0, 1)]


def test_nothing_is_digested_where_nothing_was_ever_downloaded(scene: Scene) -> None:
    with clock.frozen(NEXT + 40 * DAY):
        assert digests.digest_due() == 0


def test_open_archives_are_of_their_dataset_too(scene: Scene) -> None:
    DownloadOpened.objects.create(process=uuid.UUID(int=7), archive=scene.open, at=NOON, range_start=0, range_stop=1)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", summary="", organization="")
    with clock.frozen(NEXT):
        assert digests.digest_due() == 1
    assert digests.digested_days(other) == {}


def test_a_worker_that_computed_the_same_day_records_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read that the day is missing; the second finds the first one's row under the lock."""
    download(scene, NOON)
    with clock.frozen(NEXT):
        digests.digest_due()
        monkeypatch.setattr(digests, "_first_missing", lambda _dataset: NOON.date())
        assert digests.digest_due() == 0
    assert len(entries()) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: DownloadOpened.objects.filter(pk=row.pk).update(range_stop=99), "a row was changed"),
        (lambda row: DownloadClosed.objects.filter(pk=row.pk).update(bytes_sent=1), "a row was changed"),
        (lambda row: DownloadClosed.objects.filter(pk=row.pk).delete(), "0 closed rows, recorded were 1"),
    ],
    ids=["opened changed", "closed changed", "closed removed"],
)
def test_what_is_changed_afterwards_is_found_with_its_day_and_dataset(scene: Scene, change: object, words: str) -> None:
    row = download(scene, NOON)
    with clock.frozen(NEXT):
        digests.digest_due()
    with lifting.triggers_lifted():
        change(row)  # type: ignore[operator]
    faults = digests.verify()
    assert [(fault.dataset, fault.day) for fault in faults] == [("genebody", NOON.date())]
    assert words in str(faults[0])
    assert digests.verify(since=NOON.date() + DAY) == []


def test_what_is_inserted_into_a_digested_day_is_found(scene: Scene) -> None:
    download(scene, NOON)
    with clock.frozen(NEXT):
        digests.digest_due()
    download(scene, NOON + dt.timedelta(hours=1))
    assert "2 opened rows, recorded were 1" in str(digests.verify()[0])
