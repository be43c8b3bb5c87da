"""The table of a grant's life, walked through the one write path."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable

import pytest

from agreements.core import actors, clock
from agreements.core.actors import Actor
from agreements.core.errors import DomainError, Invalid, NotAllowed, NotPossible
from agreements.grants import lifecycle
from agreements.grants.models import ClosedFor, Grant, GrantState, Suspension
from agreements.grants.permissions import TABLE, Permission, may, visible_to
from agreements.grants.states import TRANSITIONS, Step
from agreements.ledger.models import LedgerEntry
from tests.grants.scene import NOON, Scene

AFTER_THE_END = NOON + dt.timedelta(days=400)
SYSTEM = actors.job("tests")


def act(step: Step, grant: Grant, by: Actor, scene: Scene) -> None:
    if step is Step.SUSPEND:
        lifecycle.suspend(grant=grant, by=by, cause="address", reason="The address changed.")
    elif step is Step.RESUME:
        if Grant.objects.get(pk=grant.pk).state == GrantState.EXPIRED:  # its time ran out while it was suspended
            Suspension.objects.create(grant=grant, cause="address", reason_salt="00" * 16)
        open_one = Suspension.objects.filter(grant=grant, closed_at=None).first()
        nothing = Suspension(pk=0, grant=grant, cause="address", reason_salt="00" * 16)
        lifecycle.resume(grant=grant, by=by, suspension=open_one or nothing, reason="Looked at.")
    elif step is Step.EXPIRE:
        with clock.frozen(AFTER_THE_END):
            lifecycle.expire(grant=grant, by=by)
    elif step is Step.RENEW:
        lifecycle.renew(grant=grant, ends_at=NOON + dt.timedelta(days=800), use_digest="ab" * 32, by=by)
    elif step is Step.CLOSE:
        lifecycle.close(grant=grant, cause=ClosedFor.MOVED, by=by)
    else:
        revoke(scene, by=by)


def revoke(scene: Scene, *, by: Actor, clause: str = "no-redistribution") -> Grant:
    return lifecycle.revoke(
        grant=scene.grant,
        by=by,
        clause_id=clause,
        reason="Published on a web page.",
        reason_salt="ab" * 16,
        revocation_reference="GB-R-ABCDEF",
        destroy_by=dt.date(2026, 3, 16),
    )


def put(grant: Grant, state: GrantState) -> None:
    """Bring the grant into a state by the front door."""
    Grant.objects.filter(pk=grant.pk).update(ends_at=NOON + dt.timedelta(days=365))
    grant.refresh_from_db()
    if state is GrantState.SUSPENDED:
        lifecycle.suspend(grant=grant, by=SYSTEM, cause="address", reason="")
    elif state is GrantState.EXPIRED:
        with clock.frozen(AFTER_THE_END):
            lifecycle.expire(grant=grant, by=SYSTEM)


def attempt(step: Callable[[], object]) -> DomainError | None:
    try:
        step()
    except DomainError as refusal:
        return refusal
    return None


WHO = ("alice", "bob", "carol", "dan", "eve", "system")
MAY: dict[Step, set[str]] = {
    Step.SUSPEND: {"dan", "system"},
    Step.RESUME: {"dan"},
    Step.EXPIRE: {"system"},
    Step.RENEW: {"alice"},
    Step.CLOSE: {"alice"},
    Step.REVOKE: {"dan"},
}


@pytest.mark.parametrize(("state", "step", "who"), list(itertools.product(GrantState, Step, WHO)))
def test_a_step_is_taken_where_the_table_allows_it_and_by_nobody_else(
    scene: Scene, state: GrantState, step: Step, who: str
) -> None:
    put(scene.grant, state)
    if state is GrantState.REVOKED:
        revoke(scene, by=scene.dan.actor)
    by = SYSTEM if who == "system" else getattr(scene, who).actor
    before = LedgerEntry.objects.count()
    target = TRANSITIONS.get((state, step))
    refusal = attempt(lambda: act(step, scene.grant, by, scene))
    scene.grant.refresh_from_db()
    appended = LedgerEntry.objects.count() - before
    if who not in MAY[step]:
        assert (type(refusal), scene.grant.state, appended) == (NotAllowed, state, 0)
    elif target is None:
        assert (type(refusal), scene.grant.state, appended) == (NotPossible, state, 0)
    else:
        assert (refusal, scene.grant.state, appended) == (None, target, 1)


def test_nothing_leaves_revoked() -> None:
    assert not [step for state, step in TRANSITIONS if state is GrantState.REVOKED]


def test_a_grant_resumes_only_when_every_cause_is_closed(scene: Scene) -> None:
    first = lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="address", reason="changed")
    second = lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="question", reason="unclear")
    half = lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=first, reason="proven again")
    assert half.state == GrantState.SUSPENDED
    with pytest.raises(NotPossible, match="lifted already"):
        lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=first, reason="once more")
    whole = lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=second, reason="answered")
    assert whole.state == GrantState.ACTIVE


def test_a_suspension_of_another_grant_does_not_open_this_one(scene: Scene) -> None:
    lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="address", reason="")
    foreign = Suspension(pk=987_654, grant=scene.grant, cause="address", reason_salt="00" * 16)
    with pytest.raises(NotPossible):
        lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=foreign, reason="")
    scene.grant.refresh_from_db()
    assert scene.grant.state == GrantState.SUSPENDED


def test_a_grant_does_not_expire_before_its_end(scene: Scene) -> None:
    Grant.objects.filter(pk=scene.grant.pk).update(ends_at=NOON + dt.timedelta(seconds=1))
    with pytest.raises(NotPossible, match="not reached its end"):
        lifecycle.expire(grant=scene.grant, by=SYSTEM)
    assert lifecycle.expire_due() == 0
    with clock.frozen(NOON + dt.timedelta(seconds=1)):
        assert lifecycle.expire_due() == 1
        assert lifecycle.expire_due() == 0


def test_a_revocation_cites_a_clause_of_the_grants_own_terms(scene: Scene) -> None:
    with pytest.raises(Invalid, match="no such clause") as refused:
        revoke(scene, by=scene.dan.actor, clause="invented")
    assert refused.value.field == "clause_id"
    revoke(scene, by=scene.dan.actor)
    entry = LedgerEntry.objects.get(kind="grant.revoked")
    assert entry.payload["clause"] == "no-redistribution"
    assert entry.payload["terms"] == "1.0"
    assert entry.subjects["procedure"] == "GB-R-ABCDEF"
    assert "Published" not in str(entry.payload)


def test_a_steward_does_not_lift_or_end_their_own_access(scene: Scene) -> None:
    Grant.objects.filter(pk=scene.grant.pk).update(holder=scene.dan)
    scene.grant.refresh_from_db()
    for permission in (Permission.SUSPEND, Permission.RESUME, Permission.REVOKE):
        assert not may(permission, grant=scene.grant, by=scene.dan.actor)


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "dan", "eve"])
def test_the_list_of_grants_agrees_with_the_rule(scene: Scene, who: str) -> None:
    user = getattr(scene, who)
    listed = visible_to(user.pk).filter(pk=scene.grant.pk).exists()
    assert listed == may(Permission.VIEW, grant=scene.grant, by=user.actor)
    assert listed == (who in {"alice", "carol", "dan"})


def test_every_permission_has_a_row() -> None:
    assert set(TABLE) == set(Permission)
