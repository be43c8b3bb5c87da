"""An access is renewed, proven or moved in the very moment of something else: one outcome, and the chain holds."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from agreements.core.clock import now
from agreements.flows import moving
from agreements.grants import lifecycle
from agreements.grants.downloads.redeeming import redeem
from agreements.grants.downloads.refusals import Refused
from agreements.grants.ends import noticing, proving, renewing
from agreements.grants.links import tokens
from agreements.grants.models import Grant, GrantNotice, GrantState, Link, Renewal
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.revocation.models import Destruction, Procedure
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World, note, revoking_it

pytestmark = pytest.mark.timeout(900)


def ending(world: World) -> Grant:
    """Return somebody's new access, which ends in ten days."""
    world.scene.dataset.grant_days = 365
    world.scene.dataset.save()
    grant = world.granted()
    Grant.objects.filter(pk=grant.pk).update(ends_at=now() + dt.timedelta(days=10))
    return Grant.objects.select_related("dataset", "terms", "holder", "application").get(pk=grant.pk)


def renewal_of(grant: Grant) -> Callable[[], Any]:
    return partial(
        renewing.renew,
        grant=grant,
        seen_end=grant.ends_at,
        drop_subsets=(),
        drop_members=(),
        use="Research.",
        by=grant.holder.actor,
    )


@ROUNDS
def test_what_is_revoked_stays_revoked_however_it_is_renewed(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        grant = ending(world)
        ends = at_once(renewal_of(grant), revoking_it(grant, world.scene.dan))
        assert isinstance(ends[1], Procedure), ends
        told = refusals(ends)
        assert told in ([], [f"Access {grant.reference} is revoked."])
        seen["revoked first" if told else "renewed first"] += 1
        grant.refresh_from_db()
        assert grant.state == GrantState.REVOKED
        assert Renewal.objects.filter(grant=grant).count() == (not told)
        assert _recorded(grant, "grant.renewed") == (not told)
        assert _recorded(grant, "grant.revoked") == 1
        with pytest.raises(Refused):
            redeem(tokens.token(Link.objects.get(grant=grant)), start=0, stop=10)
    note("renew against revoke", seen, rounds=rounds, orders=2)


@ROUNDS
def test_a_double_click_renews_once(world: World, rounds: int) -> None:
    for _ in range(rounds):
        grant = ending(world)
        told = refusals(at_once(renewal_of(grant), renewal_of(grant)))
        assert len(told) == 1
        assert re.match(r"This access was renewed already: .* Nothing more was done\.", told[0]), told
        assert Renewal.objects.filter(grant=grant).count() == 1
        assert OutboxMessage.objects.filter(kind="grant-renewed", subject_reference=grant.reference).count() == 1
        assert grant.ends_at is not None
        end = grant.ends_at + dt.timedelta(days=365)
        grant.refresh_from_db()
        assert grant.ends_at == end


@ROUNDS
def test_renewal_and_expiry_agree(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        grant = ending(world)
        Grant.objects.filter(pk=grant.pk).update(ends_at=now())
        grant.refresh_from_db()
        ends = at_once(renewal_of(grant), lifecycle.expire_due)
        assert refusals(ends) == []
        seen["expired first" if ends[1] else "renewed first"] += 1
        grant.refresh_from_db()
        assert (grant.state, grant.ended_at) == (GrantState.ACTIVE, None)
    note("renew against expiry", seen, rounds=rounds, orders=2)


@ROUNDS
def test_two_beats_give_each_notice_once(world: World, rounds: int) -> None:
    for _ in range(rounds):
        grant = ending(world)
        Grant.objects.filter(pk=grant.pk).update(starts_at=now() - dt.timedelta(days=300))
        assert sum(at_once(noticing.give_due, noticing.give_due)) == 1
        assert GrantNotice.objects.filter(grant=grant).count() == 1
        assert OutboxMessage.objects.filter(kind="grant-ends", subject_reference=grant.reference).count() == 1
        Grant.objects.filter(pk=grant.pk).update(ends_at=None)


@ROUNDS
def test_a_proof_in_the_moment_of_the_suspension_leaves_it_open(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        grant = world.granted()
        proven_at = now() - dt.timedelta(days=400)
        Grant.objects.filter(pk=grant.pk).update(address_proven_at=proven_at)
        due = (proven_at + dt.timedelta(days=365)).isoformat()
        told = now() - dt.timedelta(days=31)
        GrantNotice.objects.create(grant=grant, kind="address-0", about=due, sent_at=told)
        ends = at_once(partial(proving.prove, grant=grant, by=grant.holder.actor), proving.suspend_overdue)
        assert refusals(ends) == []
        seen["suspended first" if ends[1] else "proven first"] += 1
        grant.refresh_from_db()
        assert grant.state == GrantState.ACTIVE
    note("proof against suspension", seen, rounds=rounds, orders=2)


@ROUNDS
def test_a_move_and_a_revocation_both_count_and_a_second_press_does_not(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        grant = ending(world)
        move = partial(
            moving.move, grant=grant, email=f"a{world.count}@ethz.ch", reason="I move.", by=grant.holder.actor
        )
        ends = at_once(move, revoking_it(grant, world.scene.dan), move)
        told = refusals(ends)
        moved = sum(isinstance(end, moving.Moved) for end in ends)
        assert isinstance(ends[1], Procedure), ends
        assert moved + len(told) == 2, ends
        assert moved <= 1
        seen["moved first" if moved else "revoked first"] += 1
        grant.refresh_from_db()
        assert grant.state == GrantState.REVOKED
        owed = Destruction.objects.filter(affected__grant=grant)
        assert owed.count() == 1 + moved
    note("move against revoke", seen, rounds=rounds, orders=2)


def _recorded(grant: Grant, kind: str) -> int:
    return LedgerEntry.objects.filter(kind=kind, subjects__grant=grant.reference).count()
