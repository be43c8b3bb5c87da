"""The address of an access is proven again, or the access waits for it."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants import lifecycle
from agreements.grants.ends import due, noticing, proving
from agreements.grants.models import Grant, GrantState, Suspension
from agreements.ledger.models import LedgerEntry
from tests.grants.ends import again, beat, day, give_an_end
from tests.grants.membership import joined
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import revoke


def overdue(scene: Scene) -> None:
    """Let Alice be told that the proof is due, and a month pass without one."""
    give_an_end(scene, days=1000, address_days=365)
    beat()
    with day(365):
        beat()


def test_a_proof_is_written_down_and_recorded(scene: Scene) -> None:
    give_an_end(scene, address_days=200)
    with day(190):
        proving.prove(grant=scene.grant, by=scene.alice.actor)
        assert again(scene).address_proven_at == now()
        entry = LedgerEntry.objects.get(kind="address.proven")
        assert (entry.actor, entry.role, entry.payload) == (scene.alice.actor.id, "holder", {})
        assert due.proof_due(again(scene)) == NOON + dt.timedelta(days=390)


def test_nobody_else_proves_it(scene: Scene) -> None:
    joined(scene)
    for who in (scene.bob, scene.carol, scene.dan, scene.eve):
        with pytest.raises(NotAllowed):
            proving.prove(grant=scene.grant, by=who.actor)


def test_without_it_the_access_is_suspended_by_the_system_and_opens_with_it(scene: Scene) -> None:
    overdue(scene)
    with day(394.9):
        assert proving.suspend_overdue() == 0
    with day(395):
        assert (proving.suspend_overdue(), proving.suspend_overdue()) == (1, 0)
        entry = LedgerEntry.objects.get(kind="grant.suspended")
        assert (entry.actor, entry.role, entry.payload["cause"]) == ("system:address", "system", "address")
    with day(500):
        assert proving.prove(grant=scene.grant, by=scene.alice.actor).state == GrantState.ACTIVE
        assert Suspension.objects.get().closed_at == now()


def test_another_cause_keeps_it_shut(scene: Scene) -> None:
    overdue(scene)
    with day(395):
        proving.suspend_overdue()
        lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="look", reason="A question.")
        assert proving.prove(grant=scene.grant, by=scene.alice.actor).state == GrantState.SUSPENDED
        assert [one.cause for one in due.suspensions(scene.grant)] == ["look"]


def test_what_the_lab_suspended_for_the_address_only_the_lab_lifts(scene: Scene) -> None:
    """A procedure may use the same word."""
    give_an_end(scene, address_days=365)
    lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="address", reason="x")
    Suspension.objects.update(procedure="GB-R-ABCDEF")
    assert proving.prove(grant=scene.grant, by=scene.alice.actor).state == GrantState.SUSPENDED


def test_whoever_was_not_told_is_not_suspended(scene: Scene) -> None:
    """After a suspension by the lab for long, or where the beat stood still: first comes the notice, then a month."""
    give_an_end(scene, days=1000, address_days=365)
    with day(600):
        assert proving.suspend_overdue() == 0
        assert noticing.give_due() == 1
    with day(629):
        assert proving.suspend_overdue() == 0
    with day(630):
        assert proving.suspend_overdue() == 1


def test_a_proof_in_the_last_moment_counts(scene: Scene) -> None:
    overdue(scene)
    with day(395):
        proving.prove(grant=scene.grant, by=scene.alice.actor)
        assert proving.suspend_overdue() == 0


def test_where_the_dataset_asks_for_none_nobody_is_asked(scene: Scene) -> None:
    give_an_end(scene, days=3000, address_days=None)
    with day(2000):
        assert (noticing.give_due(), proving.suspend_overdue()) == (0, 0)


def test_an_imported_holder_proves_it_by_confirming(scene: Scene) -> None:
    give_an_end(scene, days=3000, address_days=365)
    Grant.objects.update(imported_at=NOON)
    with day(500):
        assert noticing.give_due() == 0
        Grant.objects.update(confirmed_at=NOON)
        assert noticing.give_due() == 1


def test_ended_access_has_nothing_to_prove(scene: Scene) -> None:
    give_an_end(scene, days=100, address_days=90)
    with day(101):
        lifecycle.expire_due()
        assert noticing.give_due() == 1  # of the end alone
        with pytest.raises(NotPossible, match="is expired: there is no address to prove"):
            proving.prove(grant=scene.grant, by=scene.alice.actor)
        revoke(scene, by=scene.dan.actor)
        with pytest.raises(NotPossible, match="is revoked"):
            proving.prove(grant=scene.grant, by=scene.alice.actor)
