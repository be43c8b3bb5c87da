"""The rows that decide who could open a subset, from the database; and the people behind the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from agreements.catalog.models import Dataset
from agreements.flows.questions.access import ABOUT_ACCOUNTS, KINDS, Holding, Row, holders_at, holders_during
from agreements.grants.models import Grant
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerSubject
from agreements.people.models import User


@dataclass(frozen=True, slots=True)
class Holder:
    """A holding with the names that the database has for it now; empty where they were erased."""

    holding: Holding
    name: str
    email: str
    organization: str


def who_could_open(dataset: Dataset, *, subset: str, at: dt.datetime) -> list[Holder]:
    """Return who could open a subset at a moment, with their names."""
    return _named(dataset, holders_at(rows(dataset, until=at), subset=subset, at=at))


def who_could_open_on(dataset: Dataset, *, subset: str, day: dt.date) -> list[Holder]:
    """Return who could open a subset at any moment of a day (UTC), with their names."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    end = start + dt.timedelta(days=1)
    return _named(dataset, holders_during(rows(dataset, until=end), subset=subset, start=start, end=end))


def shut_since(dataset: Dataset, *, at: dt.datetime) -> dt.datetime | None:
    """Return since when all downloads were shut after a restore, at a moment; None if they were not."""
    named = LedgerSubject.objects.filter(role="dataset", reference=dataset.slug).values("entry_id")
    kinds = (Kind.DATASET_SHUT, Kind.DATASET_REOPENED)
    last = LedgerEntry.objects.filter(sequence__in=named, kind__in=kinds, at__lte=at).order_by("-sequence").first()
    return last.at if last is not None and last.kind == Kind.DATASET_SHUT else None


def _named(dataset: Dataset, holdings: list[Holding]) -> list[Holder]:
    """Return the holdings with the names of their people."""
    people = _people({holding.person for holding in holdings})
    organizations = dict(
        Grant.objects.filter(dataset=dataset).values_list("reference", "organization")
        if holdings
        else Grant.objects.none().values_list("reference", "organization")
    )
    return [
        Holder(holding, *people.get(holding.person, ("", "")), organizations.get(holding.grant, ""))
        for holding in holdings
    ]


def rows(dataset: Dataset, *, until: dt.datetime) -> Iterator[Row]:
    """Yield the rows of a dataset and of accounts that decide, oldest first."""
    named = LedgerSubject.objects.filter(role="dataset", reference=dataset.slug).values("entry_id")
    ours = Q(sequence__in=named, kind__in=KINDS - ABOUT_ACCOUNTS) | Q(kind__in=ABOUT_ACCOUNTS)
    found = LedgerEntry.objects.filter(ours, at__lte=until).order_by("sequence")
    columns = found.values_list("sequence", "at", "kind", "subjects", "payload")
    yield from (Row(*column) for column in columns.iterator(chunk_size=5_000))


def _people(ids: set[str]) -> dict[str, tuple[str, str]]:
    wanted, found = sorted(ids), {}
    for start in range(0, len(wanted), 500):
        users = User.objects.filter(public_id__in=wanted[start : start + 500])
        found.update({str(user.public_id): (user.name, user.email) for user in users})
    return found
