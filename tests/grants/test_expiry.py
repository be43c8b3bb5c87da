"""How long a grant lasts: renewed by its holder, closed by them for good, opened again once a cause is settled."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.core import clock
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants import lifecycle
from agreements.grants.models import ClosedFor, Grant, GrantState, Link, Suspension
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import AFTER_THE_END, SYSTEM, put, revoke

LATER = NOON + dt.timedelta(days=800)
DIGEST = "ab" * 32


def renew(scene: Scene, ends_at: dt.datetime | None = LATER) -> Grant:
    return lifecycle.renew(grant=scene.grant, ends_at=ends_at, use_digest=DIGEST, by=scene.alice.actor)


def test_an_expired_grant_that_is_renewed_is_as_if_it_had_never_ended(scene: Scene) -> None:
    put(scene.grant, GrantState.EXPIRED)
    with clock.frozen(AFTER_THE_END):
        renewed = renew(scene)
    renewed.refresh_from_db()
    assert (renewed.state, renewed.ends_at, renewed.ended_at) == (GrantState.ACTIVE, LATER, None)
    row = LedgerEntry.objects.get(kind="grant.renewed")
    assert row.payload == {
        "previous_end": (NOON + dt.timedelta(days=365)).isoformat(),
        "ends": LATER.isoformat(),
        "terms": "1.0",
        "use_digest": DIGEST,
    }
    assert row.role == "holder"


def test_a_running_grant_is_prolonged_and_may_be_given_no_end(scene: Scene) -> None:
    put(scene.grant, GrantState.ACTIVE)
    assert renew(scene).state == GrantState.ACTIVE
    assert renew(scene, None).ends_at is None
    with pytest.raises(NotPossible, match="there is nothing to renew"):
        renew(scene)


def test_renewing_never_shortens(scene: Scene) -> None:
    put(scene.grant, GrantState.EXPIRED)
    with clock.frozen(AFTER_THE_END), pytest.raises(NotPossible, match="has to be later"):
        renew(scene, AFTER_THE_END)
    put(scene.grant, GrantState.ACTIVE)
    with pytest.raises(NotPossible, match="has to be later"):
        renew(scene, NOON + dt.timedelta(days=365))


def test_a_suspension_is_not_escaped_by_letting_the_time_run_out(scene: Scene) -> None:
    put(scene.grant, GrantState.SUSPENDED)
    with pytest.raises(NotPossible, match="is suspended"):
        renew(scene)
    put(scene.grant, GrantState.EXPIRED)
    with clock.frozen(AFTER_THE_END):
        with pytest.raises(NotPossible, match="was suspended when its time ran out"):
            renew(scene)
        cause = Suspension.objects.get(grant=scene.grant)
        still = lifecycle.resume(grant=scene.grant, suspension=cause, reason="Settled.", by=scene.dan.actor)
        assert still.state == GrantState.EXPIRED
        assert renew(scene).state == GrantState.ACTIVE


def test_closing_is_for_good(scene: Scene) -> None:
    closed = lifecycle.close(grant=scene.grant, cause=ClosedFor.MOVED, by=scene.alice.actor)
    closed.refresh_from_db()
    assert (closed.state, closed.closed_for) == (GrantState.EXPIRED, "moved")
    assert (closed.ends_at, closed.ended_at) == (NOON, NOON)
    assert not Link.objects.filter(grant=scene.grant, ended_at=None).exists()
    with pytest.raises(NotPossible, match="closed for good"):
        renew(scene)
    with pytest.raises(NotPossible, match="closed already"):
        lifecycle.close(grant=scene.grant, cause=ClosedFor.MOVED, by=scene.alice.actor)
    assert revoke(scene, by=scene.dan.actor).state == GrantState.REVOKED
    assert LedgerEntry.objects.get(kind="grant.closed").payload == {"cause": "moved"}


def test_who_closes_what_expired_keeps_the_end_that_it_had(scene: Scene) -> None:
    put(scene.grant, GrantState.EXPIRED)
    ended_at = Grant.objects.get(pk=scene.grant.pk).ended_at
    with clock.frozen(AFTER_THE_END + dt.timedelta(days=5)):
        closed = lifecycle.close(grant=scene.grant, cause=ClosedFor.MOVED, by=scene.alice.actor)
    closed.refresh_from_db()
    assert (closed.ended_at, closed.ends_at) == (ended_at, NOON + dt.timedelta(days=365))


@pytest.mark.parametrize("who", ["alice", "system"])
def test_what_the_system_suspended_for_is_closed_once_it_is_settled(scene: Scene, who: str) -> None:
    by = SYSTEM if who == "system" else scene.alice.actor
    for _twice in range(2):
        lifecycle.suspend(grant=scene.grant, by=SYSTEM, cause="address", reason="not proven")
    opened = lifecycle.resume_cause(grant=scene.grant, cause="address", reason="Proven again.", by=by)
    assert opened.state == GrantState.ACTIVE
    closed = Suspension.objects.filter(grant=scene.grant).last()
    assert closed is not None
    assert (closed.closed_at, closed.close_reason) == (NOON, "Proven again.")
    row = LedgerEntry.objects.filter(kind="grant.resumed").latest("sequence")
    assert row.payload["reason_digest"] == text_digest("Proven again.", salt=closed.close_salt)
    with pytest.raises(NotPossible):
        lifecycle.resume_cause(grant=scene.grant, cause="address", reason="", by=by)


@pytest.mark.parametrize("who", ["bob", "carol", "dan", "eve"])
def test_nobody_else_settles_it(scene: Scene, who: str) -> None:
    lifecycle.suspend(grant=scene.grant, by=SYSTEM, cause="address", reason="not proven")
    with pytest.raises(NotAllowed):
        lifecycle.resume_cause(grant=scene.grant, cause="address", reason="", by=getattr(scene, who).actor)


def test_the_holder_lifts_nothing_that_the_lab_suspended_for(scene: Scene) -> None:
    lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="question", reason="unclear")
    Suspension.objects.create(grant=scene.grant, cause="address", reason_salt="00" * 16, procedure="GB-R-ABCDEF")
    with pytest.raises(ValueError, match="only the lab"):
        lifecycle.resume_cause(grant=scene.grant, cause="question", reason="", by=scene.alice.actor)
    with pytest.raises(NotPossible, match="not suspended for this"):
        lifecycle.resume_cause(grant=scene.grant, cause="address", reason="", by=scene.alice.actor)
