"""The rows that decide who could open a subset, from the database; and the people behind the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from agreements.catalog.models import Dataset
from agreements.flows.questions.access import ABOUT_ACCOUNTS, KINDS, Holding, Row, holders_at
from agreements.grants.models import Grant
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
    holdings = holders_at(rows(dataset, until=at), subset=subset, at=at)
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
