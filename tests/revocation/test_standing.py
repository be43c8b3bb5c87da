"""What ended or was suspended for many does not come back through a renewal, an approval or a table."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from agreements.applications import submission
from agreements.applications.models import Application, State
from agreements.bars import barring
from agreements.catalog.models import Access, Opening, Subset, Terms
from agreements.core import clock
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.flows import opening
from agreements.flows.approving import approve
from agreements.grants import lifecycle
from agreements.grants.ends import renewing
from agreements.grants.models import Grant, GrantState, SubsetOffer, Suspension, TakenSubset
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.people.models import User
from agreements.revocation import standing
from agreements.revocation.lifting import lift
from agreements.revocation.models import AffectedGrant, Procedure, ProcedureAct, ScopeKind
from tests.applications.cases import put, seen
from tests.flows.scene import DETAILS, Scene
from tests.revocation import many

SUSPEND, REVOKE = ProcedureAct.SUSPEND, ProcedureAct.REVOKE


@pytest.fixture
def extended(scene: Scene) -> Subset:
    return Subset.objects.create(
        dataset=scene.dataset, slug="extended", title="Extended", access=Access.AGREEMENT, position=2
    )


def suspend(scene: Scene, kind: ScopeKind, value: str = "") -> Procedure:
    return many.start(scene.dataset, kind, value, by=scene.dan, act=SUSPEND)


def approved(scene: Scene, application: Application) -> Grant:
    _approved, grant = approve(application=application, seen=seen(application), reason="", by=scene.carol.actor)
    assert grant is not None
    grant.refresh_from_db()
    return grant


def settle(scene: Scene, procedure: Procedure) -> None:
    lift(procedure=procedure, reason="It was settled.", by=scene.dan.actor)


def test_an_expired_access_is_suspended_with_the_others_and_cannot_be_renewed_until_that_is_lifted(
    scene: Scene,
) -> None:
    scene.dataset.grant_days = 365
    scene.dataset.save()
    [grant] = many.grants(scene.dataset, [scene.alice.email])
    many.grants(scene.dataset, ["b@mit.edu"])
    Grant.objects.filter(pk=grant.pk).update(ends_at=now() - dt.timedelta(days=1))
    lifecycle.expire_due()
    procedure = suspend(scene, ScopeKind.DATASET)
    grant = Grant.objects.select_related("dataset", "terms", "holder", "application").get(pk=grant.pk)
    assert grant.state == GrantState.EXPIRED
    assert Suspension.objects.get(grant=grant).procedure == procedure.reference
    with pytest.raises(NotPossible, match="can be renewed once that is lifted"):
        renew(scene, grant)
    drain()
    told = {message.to[0]: message for message in mail.outbox}
    assert "cannot be renewed for now" in told[scene.alice.email].subject
    assert "has run out. It is suspended too: it cannot be renewed until" in told[scene.alice.email].body
    assert "is suspended until further notice" in told["b@mit.edu"].body
    settle(scene, procedure)
    grant.refresh_from_db()
    assert grant.state == GrantState.EXPIRED
    assert not Suspension.objects.filter(closed_at=None).exists()
    renew(scene, grant)
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    assert verify().holds


def renew(scene: Scene, grant: Grant) -> None:
    renewing.renew(
        grant=grant, seen_end=grant.ends_at, drop_subsets=(), drop_members=(), use="Papers.", by=scene.alice.actor
    )


@pytest.mark.parametrize(
    "kind", [kind for kind in ScopeKind if kind not in {ScopeKind.GRANT, ScopeKind.SITE, ScopeKind.SUBSET}]
)
def test_what_is_approved_under_a_suspension_in_force_is_suspended_with_it_and_opens_with_its_lifting(
    scene: Scene, kind: ScopeKind
) -> None:
    organization = DETAILS["organization"]
    many.grants(scene.dataset, [scene.alice.email], organization=organization)
    values = {
        ScopeKind.PERSON: str(scene.alice.public_id),
        ScopeKind.ORGANIZATION: organization,
        ScopeKind.DOMAIN: "ust.hk",
        ScopeKind.TERMS: "1.0",
    }
    procedure = suspend(scene, kind, values.get(kind, ""))
    application = put(scene, State.SUBMITTED)
    grant = approved(scene, application)
    assert grant.state == GrantState.SUSPENDED
    assert Suspension.objects.get(grant=grant).procedure == procedure.reference
    assert AffectedGrant.objects.get(grant=grant).procedure == procedure
    row = LedgerEntry.objects.get(kind="grant.suspended", subjects__grant=grant.reference)
    assert (row.subjects["procedure"], row.role) == (procedure.reference, "system")
    drain()
    subjects = [message.subject for message in mail.outbox if grant.reference in message.subject]
    assert subjects == [f"GeneBody: your access {grant.reference} is suspended"]
    settle(scene, procedure)
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    assert verify().holds


def test_what_a_suspension_does_not_name_or_what_was_lifted_opens(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu"], organization="MIT")
    suspend(scene, ScopeKind.ORGANIZATION, "MIT")
    suspend(scene, ScopeKind.DOMAIN, "mit.edu")
    settle(scene, suspend(scene, ScopeKind.DATASET))
    assert approved(scene, put(scene, State.SUBMITTED)).state == GrantState.ACTIVE


def test_a_clause_that_later_terms_lack_does_not_keep_a_suspension_from_new_access(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    suspend(scene, ScopeKind.DATASET)
    application = put(scene, State.SUBMITTED)
    Terms.objects.update(clauses=[{"id": "other", "heading": "Other", "paragraphs": ["x"]}])
    grant = approved(scene, application)
    assert grant.state == GrantState.SUSPENDED
    drain()
    [told] = [message for message in mail.outbox if grant.reference in message.subject]
    assert "Under this clause" not in told.body
    assert many.REASON in told.body


def test_a_suspended_subset_is_held_back_from_what_is_approved_and_comes_with_the_lifting(
    scene: Scene, extended: Subset
) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    procedure = suspend(scene, ScopeKind.SUBSET, "extended")
    grant = approved(scene, put(scene, State.SUBMITTED))
    assert grant.state == GrantState.ACTIVE
    assert list(grant.subsets.values_list("slug", flat=True)) == ["train40"]
    assert TakenSubset.objects.get(grant=grant, subset=extended).procedure == procedure.reference
    settle(scene, procedure)
    assert set(grant.subsets.values_list("slug", flat=True)) == {"train40", "extended"}


def test_where_every_subset_is_suspended_new_access_is_too(scene: Scene, extended: Subset) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    first, second = (suspend(scene, ScopeKind.SUBSET, slug) for slug in ("extended", "train40"))
    grant = approved(scene, put(scene, State.SUBMITTED))
    assert grant.state == GrantState.SUSPENDED
    settle(scene, second)
    settle(scene, first)
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    assert grant.subsets.count() == 2


def test_a_subset_that_was_revoked_for_everybody_is_not_in_what_is_approved_later(
    scene: Scene, extended: Subset
) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    many.start(scene.dataset, ScopeKind.SUBSET, "extended", by=scene.dan)
    grant = approved(scene, put(scene, State.SUBMITTED))
    assert list(grant.subsets.values_list("slug", flat=True)) == ["train40"]
    row = LedgerEntry.objects.get(kind="grant.issued", subjects__grant=grant.reference)
    assert row.payload["subsets"] == ["train40"]
    with clock.frozen(now() + dt.timedelta(days=1)):
        Opening.objects.create(subset=extended)
    assert standing.ended_subsets(scene.dataset) == set()


def test_nothing_is_approved_where_nothing_is_left_to_give(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    many.start(scene.dataset, ScopeKind.SUBSET, "train40", by=scene.dan)
    application = put(scene, State.SUBMITTED)
    with pytest.raises(NotPossible, match="Nothing of GeneBody is left to give"):
        approved(scene, application)
    application.refresh_from_db()
    assert application.state == State.SUBMITTED


@pytest.mark.parametrize("where", ["signs in", "applies"])
def test_a_bar_on_either_address_keeps_an_application_from_submission_and_from_approval(
    scene: Scene, where: str
) -> None:
    waiting = put(scene, State.SUBMITTED)
    if where == "signs in":
        User.objects.filter(pk=scene.alice.pk).update(email="alice@barred.example")
    else:
        Application.objects.filter(pk=waiting.pk).update(email="alice@barred.example")
    barring.set_bar(dataset=scene.dataset, domain="barred.example", reason="Misuse.", by=scene.dan.actor)
    with pytest.raises(NotPossible, match="was barred"):
        approved(scene, Application.objects.get(pk=waiting.pk))
    if where == "signs in":
        Application.objects.update(state=State.RETURNED)
        with pytest.raises(NotAllowed, match="cannot apply for this dataset at present"):
            submission.submit(application=waiting, by=scene.alice.actor)


@pytest.mark.parametrize("where", ["signs in", "applied"])
def test_a_bar_on_either_address_keeps_an_offer_from_being_accepted(scene: Scene, extended: Subset, where: str) -> None:
    [grant] = many.grants(scene.dataset, [scene.alice.email], subsets=[Subset.objects.get(slug="train40")])
    offer = SubsetOffer.objects.create(grant=grant, subset=extended)
    if where == "signs in":
        User.objects.filter(pk=scene.alice.pk).update(email="alice@barred.example")
    else:
        Application.objects.update(email="alice@barred.example")
    barring.set_bar(dataset=scene.dataset, domain="barred.example", reason="Misuse.", by=scene.dan.actor)
    with pytest.raises(NotAllowed):
        opening.accept(offer=SubsetOffer.objects.get(pk=offer.pk), by=scene.alice.actor)
    assert not grant.subsets.filter(pk=extended.pk).exists()
