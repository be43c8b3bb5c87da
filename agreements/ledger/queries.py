"""Reading the record."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject


def head() -> LedgerHead:
    """Return the head of the chain as it is now; before the first act, one that was not saved."""
    return LedgerHead.objects.filter(id=1).first() or LedgerHead()


def entries_about(*references: str) -> QuerySet[LedgerEntry]:
    """Return the rows that name any of the references, oldest first."""
    named = LedgerSubject.objects.filter(reference__in=references).values("entry_id")
    return LedgerEntry.objects.filter(sequence__in=named).order_by("sequence")


def entries_of_datasets(slugs: Iterable[str]) -> QuerySet[LedgerEntry]:
    """Return the rows that belong to the datasets, newest first."""
    named = LedgerSubject.objects.filter(role="dataset", reference__in=list(slugs)).values("entry_id")
    return LedgerEntry.objects.filter(sequence__in=named).order_by("-sequence")
