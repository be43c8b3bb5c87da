"""Which version of the terms is published, and which is in force."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from agreements.catalog.models import Dataset, Terms
from agreements.core.clock import today


class NoTerms(LookupError):
    """The dataset has no terms in force."""


def published(dataset: Dataset) -> list[Terms]:
    """Return all versions, the one that takes effect last first."""
    return list(Terms.objects.filter(dataset=dataset))


def in_force(dataset: Dataset, on: dt.date | None = None) -> Terms:
    """Return the version in force on a day (default: today, UTC). Raises NoTerms."""
    terms = Terms.objects.filter(dataset=dataset, effective_from__lte=on or today()).first()
    if terms is None:
        raise NoTerms(f"{dataset.slug} has no terms in force on {on or today()}")
    return terms


def in_force_or_none(dataset: Dataset) -> Terms | None:
    """Return the version in force today (UTC), or None where there is none."""
    try:
        return in_force(dataset)
    except NoTerms:
        return None


def coming(dataset: Dataset) -> Terms | None:
    """Return the next version that is published and not yet in force, if there is one."""
    later = Terms.objects.filter(dataset=dataset, effective_from__gt=today())
    return later.order_by("effective_from", "id").first()


def is_later(terms: Terms, than: Terms) -> bool:
    """Return whether a version comes after another of its dataset: in force from a later day, or published later."""
    return (terms.effective_from, terms.pk) > (than.effective_from, than.pk)


def earlier(terms: Terms) -> QuerySet[Terms]:
    """Return the versions of the dataset after which this one comes. Agrees with `is_later`."""
    before = Q(effective_from__lt=terms.effective_from) | Q(effective_from=terms.effective_from, pk__lt=terms.pk)
    return Terms.objects.filter(before, dataset=terms.dataset_id)
