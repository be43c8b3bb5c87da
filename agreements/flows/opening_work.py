"""Doing what was decided when a subset opened, and telling those who waited: in slices, each a transaction.

Safe to stop at any point and to run twice: what is left is read from the rows themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from agreements.catalog import holding, interest
from agreements.catalog.models import Access, Archive, Interest, Opening, OpeningChoice, Subset
from agreements.catalog.terms import is_later
from agreements.core import actors, sweep
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.flows import opening_messages
from agreements.flows.opening import about_opening, due, terms_of
from agreements.grants import lifecycle
from agreements.grants.models import Grant, GrantNotice, Seal
from agreements.grants.offered import offers
from agreements.grants.offered.messages import OTHER_TERMS, queue_other_terms
from agreements.grants.permissions import Standing
from agreements.grants.running import running
from agreements.ledger.act import Act, act

SLICE: Final = 50
TOLD_AT_ONCE: Final = 200
PATIENCE: Final = dt.timedelta(days=7)
"""How long people with access wait for the steward's decision before they are told without one."""
_BY: Final[Actor] = actors.job("opening")


def work_off() -> int:
    """Carry decisions out and tell who waits, for two minutes at most; return how many grants and people it was."""
    decided = Opening.objects.exclude(choice="").filter(subset__access=Access.AGREEMENT)
    dealt_with = 0
    for opening in decided.select_related("subset__dataset").order_by("pk"):
        dealt_with += sum(sweep.taken(partial(deal_with_some, opening)))
    for subset in _opened():
        dealt_with += sum(sweep.taken(partial(_tell_some, subset)))
    return dealt_with


def deal_with_some(opening: Opening) -> int | None:
    """Deal with the next grants of a decided opening; return how many, or None if there were none."""
    wanted = list(due(opening).values_list("pk", flat=True)[:SLICE])
    if not wanted:
        return None
    with act() as record:
        holding.hold(opening.subset.dataset_id)
        locked = lifecycle.lock_all(wanted)
        # Another worker, or the end of a grant, may have come in between.
        still = set(due(opening).filter(pk__in=wanted).values_list("pk", flat=True))
        for grant in locked:
            if grant.pk in still:
                _end_interest(record, opening.subset, _deal_with(record, opening, grant))
    return len(wanted)


def _deal_with(record: Act, opening: Opening, grant: Grant) -> list[int]:
    """Give, offer or tell; return who was mailed."""
    subset = opening.subset
    if is_later(terms_of(opening), grant.terms):
        GrantNotice.objects.create(grant=grant, kind=OTHER_TERMS, about=about_opening(opening))
        queue_other_terms(grant, subset=subset)
    elif opening.choice == OpeningChoice.ASK:
        offers.offer(record, grant=grant, subset=subset, by=_BY, as_role=Standing.SYSTEM)
    else:
        cause = offers.UPGRADED
        return offers.add(record, grant=grant, subset=subset, cause=cause, by=_BY, as_role=Standing.SYSTEM)
    return [grant.holder_id]


def _opened() -> list[Subset]:
    """Return the subsets that opened and that somebody still waits for."""
    waited = Interest.objects.filter(subset=OuterRef("pk"), ended_at=None)
    published = Archive.objects.filter(subset=OuterRef("pk"), withdrawn_at=None)
    # Who waited for an open subset is told once there is something to download; applying can begin before.
    there = Q(access=Access.AGREEMENT) | (Q(access=Access.OPEN) & Exists(published))
    found = Subset.objects.filter(there, Exists(waited), dataset__withdrawn_at=None)
    return list(found.select_related("dataset").order_by("pk"))


def _tell_some(subset: Subset) -> int | None:
    """Tell the next people on the list of a subset; return how many, or None if there were none."""
    with act() as record:
        rows = _to_be_told(subset).select_for_update(of=("self",)).select_related("subset__dataset", "person")
        some = list(rows[:TOLD_AT_ONCE])
        for wish in some:
            opening_messages.queue_opened(wish)
            interest.end(record, interest=wish, cause=interest.TOLD, by=_BY, as_role=Standing.SYSTEM)
    return len(some) or None


def _to_be_told(subset: Subset) -> QuerySet[Interest]:
    """Whoever has access that lacks the subset hears of it with what the steward decided, if that comes in time."""
    waiting = interest.waiting(subset)
    if subset.access == Access.OPEN:
        return waiting
    covering = running().filter(dataset=subset.dataset_id, subsets=subset)
    undecided = running().filter(dataset=subset.dataset_id).exclude(pk__in=covering.values("pk"))
    has_access = Seal.objects.filter(grant__in=undecided, person=OuterRef("person"), ended_at=None)
    opening = Opening.objects.filter(subset=subset).first()
    if opening is None or opening.opened_at + PATIENCE <= now():
        return waiting
    return waiting.exclude(Exists(has_access))


def _end_interest(record: Act, subset: Subset, people: Iterable[int]) -> None:
    """Who was mailed about their access needs no second mail."""
    rows = interest.waiting(subset).filter(person__in=list(people)).select_for_update(of=("self",))
    for wish in rows.select_related("subset__dataset", "person"):
        interest.end(record, interest=wish, cause=interest.TOLD, by=_BY, as_role=Standing.SYSTEM)
