"""Brought-in access is confirmed while the lab ends it, or twice at once: nothing is open after an end."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from agreements.core.errors import DomainError
from agreements.grants.imported import confirming
from agreements.grants.models import Grant, GrantState, Link, Seal
from agreements.grants.running import is_running
from agreements.people.models import User
from agreements.revocation import revoking
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World, note
from tests.web.opening_things import bring_in

pytestmark = pytest.mark.timeout(900)


def brought_in(world: World, number: int) -> Grant:
    return bring_in(world.scene, User.objects.create_user(f"earlier{number}@ethz.ch", name=f"Earlier {number}"))


@ROUNDS
def test_confirm_against_revoke_leaves_nothing_open(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        grant = brought_in(world, number)
        ends = at_once(
            partial(confirming.confirm, grant=grant, by=grant.holder.actor),
            partial(
                revoking.revoke,
                grant=grant,
                clause_id="termination",
                reason="Misuse.",
                by=world.scene.dan.actor,
            ),
        )
        assert not isinstance(ends[1], DomainError), ends[1]
        after = Grant.objects.select_related("dataset").get(pk=grant.pk)
        assert after.state == GrantState.REVOKED
        assert not is_running(after)
        assert not Link.objects.filter(grant=grant, ended_at=None).exists()
        was_late = isinstance(ends[0], DomainError)
        if was_late:
            assert refusals(ends) == [f"Access {grant.reference} is revoked: it can no longer be confirmed."]
        seen["revoked first" if was_late else "confirmed first"] += 1
        assert was_late == (after.confirmed_at is None)
        assert Seal.objects.filter(grant=grant).exists() == (not was_late)
    note("confirm against revoke", seen, rounds=rounds, orders=2)


@ROUNDS
def test_confirmed_twice_at_once_it_has_one_seal_and_one_link(world: World, rounds: int) -> None:
    for number in range(rounds):
        grant = brought_in(world, number)
        confirm = partial(confirming.confirm, grant=grant, by=grant.holder.actor)
        told = refusals(at_once(confirm, confirm))
        assert told == [f"Access {grant.reference} is confirmed already."]
        assert Seal.objects.filter(grant=grant).count() == 1
        assert Link.objects.filter(grant=grant).count() == 1
