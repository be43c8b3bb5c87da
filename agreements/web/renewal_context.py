"""What pages show of the end of an access and of the next proof of its address."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from agreements.flows import giving_up
from agreements.grants.ends import due
from agreements.grants.models import Grant, GrantState
from agreements.people.models import User


@dataclass(frozen=True, slots=True)
class Ends:
    """What to offer to one of the people of a grant; a member is told, and offered nothing."""

    is_shared: bool
    closed: bool
    renewable: bool
    closes: dt.datetime | None
    asks_for_proof: bool
    waits_for_proof: bool
    proof_due: dt.datetime | None
    may_move: bool
    may_give_up: bool


def ends_of(grant: Grant, *, viewer: User) -> Ends:
    """Return what the page of an access offers. Needs `grant.dataset`."""
    is_holder = grant.holder_id == viewer.pk
    window = due.renewal(grant)
    return Ends(
        is_shared=not is_holder,
        closed=bool(grant.closed_for),
        renewable=is_holder and due.wants_renewal(grant),
        closes=window.closes if window else None,
        asks_for_proof=is_holder and due.is_proof_time(grant),
        waits_for_proof=is_holder and grant.state == GrantState.SUSPENDED and due.waits_for_proof(grant),
        proof_due=due.proof_due(grant),
        may_move=is_holder and not due.ended_for_good(grant),
        may_give_up=is_holder and giving_up.may_give_up(grant),
    )
