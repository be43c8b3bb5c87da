"""Giving the notices that are due, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from agreements.grants import lifecycle
from agreements.grants.ends import due, messages, notices
from agreements.grants.models import Grant, GrantNotice
from agreements.ledger.act import act

Wanted = Callable[[Grant], str | None]
Day = Callable[[Grant], dt.datetime | None]


def give_due() -> int:
    """Queue every notice that is due about ends and proofs; return how many. Safe to run twice, and two at once."""
    return sum(
        (
            _give(notices.ending(), notices.end_notice, _end_of, messages.queue_ends),
            _give(notices.expired(), notices.end_notice, _end_of, messages.queue_expired),
            _give(notices.to_be_proven(), notices.proof_notice, due.proof_due, messages.queue_proof_due),
        )
    )


def _give(grants: Iterable[Grant], wanted: Wanted, day: Day, queue: Callable[[Grant, GrantNotice], None]) -> int:
    found = [(grant, kind, at) for grant in grants if (kind := wanted(grant)) and (at := day(grant))]
    given = set(
        GrantNotice.objects.filter(grant__in=[grant for grant, _kind, _at in found]).values_list(
            "grant_id", "kind", "about"
        )
    )
    count = 0
    for grant, kind, at in found:
        if (grant.pk, kind, at.isoformat()) not in given:
            count += _give_one(grant, wanted, day, queue)
    return count


def _give_one(grant: Grant, wanted: Wanted, day: Day, queue: Callable[[Grant, GrantNotice], None]) -> bool:
    with act():
        locked = lifecycle.lock(grant)
        kind, at = wanted(locked), day(locked)
        if locked.state != grant.state or kind is None or at is None:
            return False  # renewed, proven or ended in this moment
        notice, is_first = GrantNotice.objects.get_or_create(grant=locked, kind=kind, about=at.isoformat())
        if is_first:
            queue(locked, notice)
    return is_first


def _end_of(grant: Grant) -> dt.datetime | None:
    return grant.ends_at
