"""How long a link lives: counted from its first mail, since a mail can wait for days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.grants.models import Grant, Link


def lifetime(grant: Grant) -> dt.timedelta:
    """Return how long a link under this grant lives."""
    return of_dataset(grant.dataset)


def of_dataset(dataset: Dataset) -> dt.timedelta:
    """Return how long a dataset's links live."""
    return dt.timedelta(hours=dataset.link_lifetime_hours)


def begin(link_ids: Iterable[str], at: dt.datetime) -> None:
    """Begin the lifetime of links that are mailed for the first time; a mail sent again does not prolong them."""
    fresh = Link.objects.filter(link_id__in=list(link_ids), first_sent_at=None, ended_at=None)
    for link in fresh.select_related("grant__dataset"):
        still_new = Link.objects.filter(pk=link.pk, first_sent_at=None)
        still_new.update(first_sent_at=at, expires_at=at + lifetime(link.grant))


def worth_mailing() -> Q:
    """Return the links that a mail may carry: not ended, and either running or to begin with that mail."""
    return Q(ended_at=None) & (Q(first_sent_at=None) | Q(expires_at__gt=now()))


def expected_end(link: Link) -> dt.datetime:
    """Return when a link in a mail that is being written ends."""
    return link.expires_at if link.first_sent_at else now() + lifetime(link.grant)
