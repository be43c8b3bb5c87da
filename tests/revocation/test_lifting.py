"""A suspension is lifted: just what it closed opens again."""

from __future__ import annotations

import pytest
from django.core import mail

from agreements.catalog.models import Access, Subset
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.grants import lifecycle
from agreements.grants.models import Grant, GrantState, Suspension, TakenSubset
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.revocation.lifting import lift
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from tests.flows.scene import Scene
from tests.revocation import many
from tests.revocation.many import start, states

SUSPEND = ProcedureAct.SUSPEND


def suspend(scene: Scene, kind: ScopeKind = ScopeKind.DATASET, value: str = "") -> Procedure:
    return start(scene.dataset, kind, value, by=scene.dan, act=SUSPEND)


def lifted(scene: Scene, procedure: Procedure) -> Procedure:
    return lift(procedure=procedure, reason="It was settled.", by=scene.dan.actor)


@pytest.fixture
def extended(scene: Scene) -> Subset:
    return Subset.objects.create(
        dataset=scene.dataset, slug="extended", title="Extended", access=Access.AGREEMENT, position=2
    )


def test_all_that_it_shut_opens_again_and_is_told(scene: Scene) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"], members=1)
    procedure = lifted(scene, suspend(scene))
    assert states(made) == ["active", "active"]
    assert (procedure.lifted_by, procedure.lift_reason) == (scene.dan, "It was settled.")
    rows = Suspension.objects.filter(procedure=procedure.reference)
    assert {(row.closed_at is not None, row.close_reason) for row in rows} == {(True, "It was settled.")}
    told = OutboxMessage.objects.filter(kind="grant-resumed").values_list("recipient", flat=True)
    assert sorted(told) == ["a@mit.edu", "b@mit.edu", "member0.a@mit.edu", "member0.b@mit.edu"]
    row = LedgerEntry.objects.get(kind="suspension.lifted")
    assert row.payload == {
        "grants": 2,
        "reason_digest": text_digest("It was settled.", salt=procedure.lift_salt),
    }
    for resumed in LedgerEntry.objects.filter(kind="grant.resumed"):
        suspension = rows.get(grant__reference=resumed.subjects["grant"])
        assert resumed.subjects["procedure"] == procedure.reference
        assert resumed.payload["reason_digest"] == text_digest("It was settled.", salt=suspension.close_salt)
    assert verify().holds


def test_what_is_suspended_for_something_else_too_stays_so(scene: Scene) -> None:
    [grant, other] = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"])
    first, second = suspend(scene), suspend(scene, ScopeKind.GRANT, grant.reference)
    lifted(scene, first)
    assert states([grant, other]) == ["suspended", "active"]
    drain()
    [letter] = [one for one in mail.outbox if one.to == ["a@mit.edu"] and "lifted" in one.subject]
    assert "For another reason it does not open at present" in letter.body
    lifted(scene, second)
    assert states([grant, other]) == ["active", "active"]


def test_what_was_revoked_meanwhile_stays_so_and_hears_nothing(scene: Scene) -> None:
    [gone, back] = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"])
    procedure = suspend(scene)
    start(scene.dataset, ScopeKind.GRANT, gone.reference, by=scene.dan)
    lifted(scene, procedure)
    assert states([gone, back]) == ["revoked", "active"]
    told = OutboxMessage.objects.filter(kind="grant-resumed").values_list("recipient", flat=True)
    assert list(told) == ["b@mit.edu"]
    assert not Suspension.objects.filter(closed_at=None).exists()
    assert LedgerEntry.objects.get(kind="suspension.lifted").payload["grants"] == 1


def test_what_ran_out_meanwhile_is_lifted_and_stays_over(scene: Scene) -> None:
    [grant] = many.grants(scene.dataset, ["a@mit.edu"])
    procedure = suspend(scene)
    Grant.objects.filter(pk=grant.pk).update(ends_at=grant.starts_at)
    assert lifecycle.expire_due() == 1
    lifted(scene, procedure)
    assert states([grant]) == [GrantState.EXPIRED]
    assert not Suspension.objects.filter(closed_at=None).exists()


def test_a_subset_that_was_taken_is_given_back(scene: Scene, extended: Subset) -> None:
    [both] = many.grants(scene.dataset, ["a@mit.edu"], members=1)
    [only] = many.grants(scene.dataset, ["b@mit.edu"], subsets=[extended])
    procedure = suspend(scene, ScopeKind.SUBSET, "extended")
    assert states([both, only]) == ["active", "suspended"]
    assert [subset.slug for subset in both.subsets.all()] == ["train40"]
    lifted(scene, procedure)
    assert states([both, only]) == ["active", "active"]
    assert sorted(subset.slug for subset in both.subsets.all()) == ["extended", "train40"]
    assert TakenSubset.objects.get().given_back_at is not None
    assert LedgerEntry.objects.get(kind="suspension.lifted").payload["grants"] == 2
    told = OutboxMessage.objects.filter(kind="subset-returned").values_list("recipient", flat=True)
    assert sorted(told) == ["a@mit.edu", "member0.a@mit.edu"]


def test_what_was_suspended_and_then_revoked_is_not_given_back(scene: Scene, extended: Subset) -> None:
    [both] = many.grants(scene.dataset, ["a@mit.edu"])
    procedure = suspend(scene, ScopeKind.SUBSET, "extended")
    revocation = start(scene.dataset, ScopeKind.SUBSET, "extended", by=scene.dan)
    lifted(scene, procedure)
    assert [subset.slug for subset in both.subsets.all()] == ["train40"]
    taken = TakenSubset.objects.get()
    assert (taken.procedure, taken.given_back_at) == (revocation.reference, None)
    start(scene.dataset, ScopeKind.SUBSET, "train40", by=scene.dan)
    assert states([both]) == ["revoked"]


def test_what_may_be_given_back_counts_as_kept(scene: Scene, extended: Subset) -> None:
    [both] = many.grants(scene.dataset, ["a@mit.edu"])
    procedure = suspend(scene, ScopeKind.SUBSET, "extended")
    start(scene.dataset, ScopeKind.SUBSET, "train40", by=scene.dan)
    assert states([both]) == ["active"]
    assert not both.subsets.exists()
    lifted(scene, procedure)
    assert [subset.slug for subset in both.subsets.all()] == ["extended"]


def test_it_is_lifted_once_by_a_steward_with_a_reason(scene: Scene) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu"])
    procedure = suspend(scene)
    for who in (scene.alice, scene.carol, scene.eve, made[0].holder):
        with pytest.raises(NotAllowed):
            lift(procedure=procedure, reason="x", by=who.actor)
    with pytest.raises(Invalid, match="Say why"):
        lift(procedure=procedure, reason=" ", by=scene.dan.actor)
    lifted(scene, procedure)
    with pytest.raises(NotPossible, match="was lifted already"):
        lifted(scene, procedure)
    with pytest.raises(NotPossible, match="is no suspension"):
        lifted(scene, start(scene.dataset, ScopeKind.DATASET, by=scene.dan))


def test_a_steward_does_not_lift_what_concerns_them(scene: Scene) -> None:
    [grant] = many.grants(scene.dataset, ["a@mit.edu"])
    procedure = suspend(scene)
    Grant.objects.filter(pk=grant.pk).update(holder=scene.dan)
    with pytest.raises(NotAllowed):
        lifted(scene, procedure)
    assert states([grant]) == ["suspended"]
