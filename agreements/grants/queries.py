"""What is asked about a grant and changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, F, QuerySet

from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.grants.models import (
    DownloadClosed,
    DownloadEnd,
    DownloadOpened,
    Grant,
    GrantState,
    Renewal,
    Suspension,
    TakenSubset,
)
from agreements.grants.states import NOT_ENDED

SHOWN: Final = 50
"""A download program that fetches an archive in pieces opens hundreds; the newest tell enough."""


def application_behind(reference: str) -> Application | None:
    """Return the application that a reference names, itself or by the access it led to; None if it names neither."""
    named = Application.objects.filter(reference=reference).select_related("dataset").first()
    if named is not None:
        return named
    grant = Grant.objects.filter(reference=reference).select_related("application__dataset").first()
    return grant.application if grant is not None else None


@dataclass(frozen=True, slots=True)
class Download:
    """Bytes `start` to `stop` (exclusive) of an archive's `size`, asked for at a time by a person.

    While it runs, `end` is empty. `sent`, in bytes, is None where it is not known.
    """

    archive: str
    at: dt.datetime
    start: int
    stop: int
    size: int
    sent: int | None
    end: DownloadEnd | None
    person: str

    @property
    def is_whole(self) -> bool:
        return (self.start, self.stop) == (0, self.size)

    @property
    def is_handed_over(self) -> bool:
        """Return whether an address of the object store was given for it; what was fetched there is not known."""
        return self.end == DownloadEnd.HANDED_OVER

    @property
    def last(self) -> int:
        """Return the number of the last byte asked for, from 0, as HTTP ranges count."""
        return self.stop - 1


def downloads_of(grant: Grant, *, person_pk: int | None = None) -> list[Download]:
    """Return the newest downloads under a grant, or of one person under it, the newest first, at most `SHOWN`."""
    asked = DownloadOpened.objects.filter(grant=grant)
    if person_pk is not None:
        asked = asked.filter(link__seal__person_id=person_pk)
    opened = asked.select_related("archive", "link__seal__person").order_by("-at", "-pk")[:SHOWN]
    rows = list(opened)
    ends = DownloadClosed.objects.in_bulk([row.pk for row in rows])
    return [told(row, ends.get(row.pk)) for row in rows]


def suspensions_of(grant: Grant) -> QuerySet[Suspension]:
    """Return everything that ever suspended a grant, what still does first, then the newest."""
    return Suspension.objects.filter(grant=grant).order_by(F("closed_at").desc(nulls_first=True), "-opened_at", "-pk")


def renewals_of(grant: Grant) -> QuerySet[Renewal]:
    """Return each time that a grant was prolonged, the newest first."""
    return Renewal.objects.filter(grant=grant).select_related("renewed_by").order_by("-renewed_at", "-pk")


def taken_from(grant: Grant) -> QuerySet[TakenSubset]:
    """Return the subsets that procedures took from a grant, also those that were given back, the newest first."""
    return TakenSubset.objects.filter(grant=grant).select_related("subset").order_by("-taken_at", "-pk")


def by_state(dataset: Dataset) -> dict[str, int]:
    """Return how many grants of a dataset are in each state; every state is present."""
    rows = Grant.objects.filter(dataset=dataset).order_by().values("state").annotate(n=Count("pk"))
    return dict.fromkeys(GrantState.values, 0) | {row["state"]: row["n"] for row in rows}


def running_by_terms(dataset: Dataset) -> dict[int, int]:
    """Return how many grants of a dataset have not ended, by the key of the terms they are under."""
    rows = Grant.objects.filter(dataset=dataset, state__in=NOT_ENDED).order_by().values("terms").annotate(n=Count("pk"))
    return {row["terms"]: row["n"] for row in rows}


def told(opened: DownloadOpened, closed: DownloadClosed | None) -> Download:
    """Return a download as its two rows tell it. Needs `archive` and `link.seal.person` of the first."""
    return Download(
        archive=opened.archive.name,
        at=opened.at,
        start=opened.range_start,
        stop=opened.range_stop,
        size=opened.archive.sealed_size,
        sent=closed.bytes_sent if closed else None,
        end=DownloadEnd(closed.how) if closed else None,
        person=opened.link.seal.person.display_name if opened.link else "",
    )
