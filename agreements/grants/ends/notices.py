"""Which notices are due, and which were given: each once for each end, and each proof."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q, QuerySet

from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.grants.ends import due
from agreements.grants.models import Grant, GrantNotice, GrantState, Renewal

ENDS: Final = "ends"
EXPIRED: Final = "expired"
ADDRESS: Final = "address"
"""Names of notices in `GrantNotice`; those given before the day carry its distance: `ends-30`."""
_LATEST: Final = dt.timedelta(days=30)
"""Nobody is told of an end that is longer ago, such as one from before there were notices."""


def open_grants() -> QuerySet[Grant]:
    """Return the grants of which notice may be given: of datasets that are neither withdrawn nor shut."""
    of_running = Grant.objects.filter(dataset__withdrawn_at=None, dataset__shut_at=None, closed_for="")
    return of_running.select_related("dataset", "terms", "holder", "application").order_by("pk")


def ending() -> QuerySet[Grant]:
    """Return the open grants that end within 30 days."""
    soon = Q(ends_at__gt=now(), ends_at__lte=now() + dt.timedelta(days=max(due.NOTICE_DAYS)))
    return open_grants().filter(soon, state=GrantState.ACTIVE)


def expired() -> QuerySet[Grant]:
    """Return the grants that have expired of late."""
    return open_grants().filter(state=GrantState.EXPIRED, ends_at__gt=now() - _LATEST)


def to_be_proven() -> QuerySet[Grant]:
    """Return the open grants whose address has to be proven within 30 days, or should have been."""
    soon = now() + dt.timedelta(days=max(due.NOTICE_DAYS))
    asking = Dataset.objects.filter(address_days__isnull=False).values_list("pk", "address_days")
    wanted = [Q(dataset=pk, address_proven_at__lte=soon - dt.timedelta(days=days or 0)) for pk, days in asking]
    return open_grants().filter(reduce(or_, wanted, Q(pk=None)), state=GrantState.ACTIVE)


def end_notice(grant: Grant) -> str | None:
    """Return the notice about its end that a grant wants now, given or not; None while there is none.

    An access that is given, or renewed, for less than a month is not told at once that it ends in less than one.
    """
    if grant.ends_at is None:
        return None
    if grant.state == GrantState.EXPIRED:
        return EXPIRED
    renewed = Renewal.objects.filter(grant=grant).order_by("-renewed_at").values_list("renewed_at", flat=True).first()
    days = _days_before(grant.ends_at, since=renewed or grant.starts_at)
    return f"{ENDS}-{days}" if days else None


def proof_notice(grant: Grant) -> str | None:
    """Return the notice about the next proof that a grant wants now, given or not; None while there is none."""
    at = due.proof_due(grant)
    if at is None:
        return None
    if at <= now():
        return f"{ADDRESS}-0"
    days = _days_before(at, since=grant.address_proven_at)
    return f"{ADDRESS}-{days}" if days else None


def unproven() -> list[Grant]:
    """Return the grants whose proof is overdue by 30 days, and whose holders were told 30 days ago that it is due."""
    told = GrantNotice.objects.filter(kind=f"{ADDRESS}-0", sent_at__lte=now() - due.GRACE)
    return [grant for grant in to_be_proven().filter(pk__in=told.values("grant")) if is_unproven(grant)]


def is_unproven(grant: Grant) -> bool:
    """Return whether a grant is one of those."""
    at = due.proof_due(grant)
    if grant.state != GrantState.ACTIVE or at is None or at > now() - due.GRACE:
        return False
    told = GrantNotice.objects.filter(grant=grant, kind=f"{ADDRESS}-0", about=at.isoformat())
    return told.filter(sent_at__lte=now() - due.GRACE).exists()


def _days_before(at: dt.datetime, *, since: dt.datetime) -> int | None:
    """Return the last of the days of notice that has come, if it came after `since`."""
    passed = [days for days in due.NOTICE_DAYS if since < at - dt.timedelta(days=days) <= now()]
    return min(passed, default=None)
