"""What was downloaded under a grant: every request for bytes, totals, and which days the record has a digest of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db.models import Count, QuerySet, Sum

from agreements.grants.downloads import digests
from agreements.grants.models import DownloadClosed, DownloadOpened, Grant
from agreements.grants.queries import Download, told

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A download, and the row of the record with the digest of its day, or None."""

    download: Download
    digested_by: int | None


@dataclass(frozen=True, slots=True)
class Total:
    """What one person asked for of one archive; `sent` in bytes, as far as that is known."""

    person: str
    archive: str
    requests: int
    sent: int


def opened_under(grant: Grant) -> QuerySet[DownloadOpened]:
    """Return every request for bytes under a grant, the newest first."""
    asked = DownloadOpened.objects.filter(grant=grant).select_related("archive", "link__seal__person")
    return asked.order_by("-at", "-pk")


def lines(grant: Grant, opened: Iterable[DownloadOpened]) -> Iterator[Line]:
    """Yield the lines of some requests, with how each ended."""
    days = digests.digested_days(grant.dataset)
    rows = iter(opened)
    while some := list(islice(rows, _AT_ONCE)):
        ends = DownloadClosed.objects.in_bulk([row.pk for row in some])
        for row in some:
            yield Line(told(row, ends.get(row.pk)), days.get(row.at.astimezone(dt.UTC).date()))


def totals(grant: Grant) -> list[Total]:
    """Return what each person asked for of each archive, by person and archive."""
    keys = ("link__seal__person__email", "archive__name", "archive__version")
    closed_keys = [f"opened__{key}" for key in keys]
    closed = DownloadClosed.objects.filter(opened__grant=grant).order_by().values_list(*closed_keys)
    sent = {tuple(row[:3]): row[3] or 0 for row in closed.annotate(sent=Sum("bytes_sent"))}
    asked = DownloadOpened.objects.filter(grant=grant).order_by().values_list(*keys)
    counted = {tuple(row[:3]): row[3] for row in asked.annotate(requests=Count("pk"))}
    return [
        Total(person or "", f"{archive} v{version}", requests, sent.get((person, archive, version), 0))
        for (person, archive, version), requests in sorted(
            counted.items(), key=lambda item: (item[0][0] or "", item[0])
        )
    ]
