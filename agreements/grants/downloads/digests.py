"""The downloads of each day in the record: one row for each dataset and day, with a digest over what was inserted.

`opened` and `closed` rows are too many for the record itself. A day is one of UTC. The digest is the SHA-256 of lines
of canonical JSON (sorted keys, no spaces, UTF-8), each ended by a line feed: first the `opened` rows whose time is in
the day, by time and id; then the `closed` rows whose time is in it, by time and the id of the download.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.db.models import Min, QuerySet

from agreements.catalog.models import Dataset
from agreements.core import actors
from agreements.core.clock import now
from agreements.grants.models import DownloadClosed, DownloadOpened
from agreements.ledger.act import act
from agreements.ledger.chain import as_json
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_of_datasets

AFTER: Final = dt.timedelta(hours=1)
"""How long after its end a day is digested: by then whatever was written in it has been committed."""
_DAY: Final = dt.timedelta(days=1)
_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Digest:
    """What a row of the record says of a day of a dataset."""

    day: dt.date
    opened: int
    closed: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A day whose rows are not what the record says, by which row of it, and why."""

    dataset: str
    day: dt.date
    sequence: int
    why: str

    def __str__(self) -> str:
        return f"downloads of {self.dataset} on {self.day}: {self.why} (row {self.sequence} of the record)"


def digest_due() -> int:
    """Digest every day that is over and is not in the record yet; return how many rows that made.

    Safe to run twice and in two processes at once: each day of a dataset has one row. Days on which nothing was
    downloaded between others have one too, so that a day that was emptied is told from one that was not digested.
    """
    last = (now() - AFTER).date() - _DAY
    made = 0
    for dataset in Dataset.objects.order_by("pk"):
        day = _first_missing(dataset)
        while day is not None and day <= last:
            made += _digest(dataset, day)
            day += _DAY
    return made


def of_day(dataset: Dataset, day: dt.date) -> Digest:
    """Return the digest of a day as the rows are now."""
    summed, opened, closed = sha256(), 0, 0
    for line in _lines(_opened(dataset, day), _opened_line):
        summed.update(line)
        opened += 1
    for line in _lines(_closed(dataset, day), _closed_line):
        summed.update(line)
        closed += 1
    return Digest(day, opened, closed, summed.hexdigest())


def digested_days(dataset: Dataset) -> dict[dt.date, int]:
    """Return the days that are digested, each with the number of its row in the record."""
    return {dt.date.fromisoformat(entry.payload["day"]): entry.sequence for entry in _entries(dataset)}


def verify(since: dt.date | None = None) -> list[Fault]:
    """Compute every digest again, of all days or those since one, and return what is not as the record says."""
    faults: list[Fault] = []
    for dataset in Dataset.objects.order_by("pk"):
        for entry in _entries(dataset):
            day = dt.date.fromisoformat(entry.payload["day"])
            if since is not None and day < since:
                continue
            if why := _why_different(entry.payload, of_day(dataset, day)):
                faults.append(Fault(dataset.slug, day, entry.sequence, why))
    return faults


def _why_different(told: dict[str, Any], found: Digest) -> str:
    counted = ((told["opened"], found.opened, "opened"), (told["closed"], found.closed, "closed"))
    for was, is_now, what in counted:
        if was != is_now:
            return f"{is_now} {what} rows, recorded were {was}"
    return "" if told["sha256"] == found.sha256 else "a row was changed: its digest is another"


def _digest(dataset: Dataset, day: dt.date) -> bool:
    """Record a day unless another process did."""
    found = of_day(dataset, day)
    with act() as record:
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        if _entries(dataset).filter(payload__day=day.isoformat()).exists():
            return False
        record.record(
            Kind.DOWNLOADS_DIGESTED,
            by=actors.job("digests"),
            as_role="system",
            subjects={"dataset": dataset.slug},
            day=day.isoformat(),
            opened=found.opened,
            closed=found.closed,
            sha256=found.sha256,
        )
    return True


def _first_missing(dataset: Dataset) -> dt.date | None:
    """Return the day after the last that is digested, or that of the first download; None if there was none."""
    last = _entries(dataset).last()
    if last is not None:
        return dt.date.fromisoformat(last.payload["day"]) + _DAY
    first = DownloadOpened.objects.filter(archive__subset__dataset=dataset).aggregate(first=Min("at"))["first"]
    return first.astimezone(dt.UTC).date() if first is not None else None


def _entries(dataset: Dataset) -> QuerySet[LedgerEntry]:
    return entries_of_datasets([dataset.slug]).filter(kind=Kind.DOWNLOADS_DIGESTED).order_by("sequence")


def _opened(dataset: Dataset, day: dt.date) -> QuerySet[DownloadOpened]:
    since = dt.datetime.combine(day, dt.time(), dt.UTC)
    rows = DownloadOpened.objects.filter(archive__subset__dataset=dataset, at__gte=since, at__lt=since + _DAY)
    return rows.order_by("at", "pk")


def _closed(dataset: Dataset, day: dt.date) -> QuerySet[DownloadClosed]:
    since = dt.datetime.combine(day, dt.time(), dt.UTC)
    rows = DownloadClosed.objects.filter(opened__archive__subset__dataset=dataset, at__gte=since, at__lt=since + _DAY)
    return rows.order_by("at", "pk")


def _lines(rows: QuerySet[Any], told: Any) -> Iterator[bytes]:
    for row in rows.iterator(chunk_size=_BATCH):
        yield f"{as_json(told(row))}\n".encode()


def _opened_line(row: DownloadOpened) -> dict[str, Any]:
    return {
        "row": "opened",
        "id": str(row.pk),
        "at": _moment(row.at),
        "process": str(row.process),
        "grant": row.grant_id,
        "link": row.link_id,
        "archive": row.archive_id,
        "generation": row.generation_id,
        "start": row.range_start,
        "stop": row.range_stop,
    }


def _closed_line(row: DownloadClosed) -> dict[str, Any]:
    return {
        "row": "closed",
        "id": str(row.opened_id),
        "at": _moment(row.at),
        "bytes": row.bytes_sent,
        # As text: a number with a point is not written the same by every program.
        "seconds": None if row.seconds is None else f"{row.seconds:.6f}",
        "how": row.how,
    }


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
