"""Access that was brought in opens when its holder confirms it, and only then; or ends when they no longer use it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core import mail

from agreements.applications.models import Application
from agreements.bars import barring
from agreements.core import clock
from agreements.core.errors import NotAllowed, NotPossible
from agreements.flows import giving_up
from agreements.grants import lifecycle
from agreements.grants.imported import confirming
from agreements.grants.models import ClosedFor, Grant, GrantState, Link, Seal, Suspension
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation import beginning, hits
from agreements.revocation.models import AffectedGrant, Destruction, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.flows.scene import Scene, make_scene
from tests.revocation import many
from tests.web.opening_things import bring_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    return make_scene(tmp_path / "train40")


def test_confirming_opens_it_with_a_seal_and_links(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    opened = confirming.confirm(grant=grant, by=scene.eve.actor)
    assert opened.state == GrantState.ACTIVE
    assert Seal.objects.get().person == scene.eve
    assert Link.objects.get().archive.name == "train40.zip"
    assert not Suspension.objects.filter(closed_at=None).exists()
    kinds = list(LedgerEntry.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds[-3:] == ["grant.confirmed", "grant.resumed", "link.issued"]
    drain()
    (sent,) = [each for each in mail.outbox if "is confirmed and open" in each.subject]
    assert "thank you: your access is confirmed. You may download GeneBody" in sent.body
    assert "/l/" in sent.body
    assert verify().holds
    with pytest.raises(NotPossible, match="is confirmed already"):
        confirming.confirm(grant=grant, by=scene.eve.actor)


def test_only_its_own_mailbox_confirms_it_however_it_is_spelt(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    for other in (scene.bob, scene.dan):
        with pytest.raises(NotAllowed, match="This access is of another address"):
            confirming.confirm(grant=grant, by=other.actor)
    same = User.objects.create_user("Eve+genebody@ethz.ch", name="Eve")
    confirming.confirm(grant=grant, by=same.actor)
    grant.refresh_from_db()
    assert (grant.holder, grant.application.applicant) == (same, same)
    assert Seal.objects.get().person == same


def test_whoever_is_barred_meanwhile_does_not_confirm(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    barring.set_bar(dataset=scene.dataset, person=scene.eve, reason="Misuse.", by=scene.dan.actor)
    with pytest.raises(NotAllowed, match="You cannot confirm this access at present"):
        confirming.confirm(grant=grant, by=scene.eve.actor)
    assert not Seal.objects.exists()


def test_what_the_lab_suspended_as_well_stays_shut_after_confirming(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    suspension = lifecycle.suspend(grant=grant, by=scene.dan.actor, cause="question", reason="A question.")
    assert confirming.confirm(grant=grant, by=scene.eve.actor).state == GrantState.SUSPENDED
    assert not Link.objects.exists()
    resumed = lifecycle.resume(grant=grant, by=scene.dan.actor, suspension=suspension, reason="Answered.")
    assert resumed.state == GrantState.ACTIVE


def test_no_longer_used_it_ends_for_good(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    assert giving_up.decline(grant=grant, has_copies=False, by=scene.eve.actor) is None
    grant.refresh_from_db()
    assert (grant.state, grant.closed_for) == (GrantState.EXPIRED, ClosedFor.DECLINED)
    with pytest.raises(NotPossible, match="can no longer be confirmed"):
        confirming.confirm(grant=grant, by=scene.eve.actor)
    assert not Destruction.objects.exists()


def test_copies_that_are_left_are_owed_to_be_destroyed(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    before = grant.state
    owed = giving_up.decline(grant=grant, has_copies=True, by=scene.eve.actor)
    assert owed is not None
    assert (owed.person, owed.due_on) == (scene.eve, clock.today() + dt.timedelta(days=14))
    assert owed.affected.procedure.act == ProcedureAct.CLOSE
    entry = LedgerEntry.objects.get(kind="procedure.begun")
    assert (entry.payload["act"], entry.role) == ("close", "holder")
    assert entry.payload["scope"] == f"grant {grant.reference}"
    assert (entry.subjects["grant"], entry.subjects["person"]) == (grant.reference, str(scene.eve.public_id))
    assert owed.affected.state_before == before
    told = OutboxMessage.objects.get(kind="destruction-asked")
    assert (told.recipient, told.values["procedure"]) == (scene.eve.email, owed.affected.procedure.reference)
    mail.outbox.clear()
    drain()
    [letter] = [one for one in mail.outbox if "destroy your copies and attest it" in one.subject]
    assert f"/grants/{grant.reference}/destruction/{owed.pk}/" in str(letter.body)
    assert "Please destroy your copies by" in str(letter.body)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ScopeKind.GRANT, "reference"),
        (ScopeKind.PERSON, "person"),
        (ScopeKind.ORGANIZATION, "ETH Zurich"),
        (ScopeKind.DOMAIN, "ethz.ch"),
        (ScopeKind.SUBSET, "train40"),
        (ScopeKind.TERMS, "1.0"),
        (ScopeKind.DATASET, ""),
    ],
)
def test_a_revocation_of_any_scope_reaches_what_nobody_confirmed(scene: Scene, kind: ScopeKind, value: str) -> None:
    grant = bring_in(scene, scene.eve)
    named = {"reference": grant.reference, "person": str(scene.eve.public_id)}.get(value, value)
    scope = Scope(scene.dataset, kind, named)
    found = hits.hit_by(scope, act=ProcedureAct.REVOKE)
    assert [hit.grant for hit in found.grants] == [grant]
    beginning.begin(
        scope=scope,
        act=ProcedureAct.REVOKE,
        clause_id="termination",
        reason="The data is withdrawn.",
        by=scene.dan.actor,
        expected=found.count,
    )
    assert AffectedGrant.objects.get().grant == grant
    assert Destruction.objects.get().person == scene.eve
    drain()
    (sent,) = [each for each in mail.outbox if each.to == ["eve@ethz.ch"]]
    assert "The data is withdrawn." in sent.body
    with pytest.raises(NotPossible, match="can no longer be confirmed"):
        confirming.confirm(grant=grant, by=scene.eve.actor)


def test_a_steward_writes_to_one_again_and_to_all_who_wait_but_not_twice_a_day(scene: Scene) -> None:
    first, second = bring_in(scene, scene.eve), bring_in(scene, scene.bob)
    confirming.write_again(grant=first, by=scene.dan.actor)
    with pytest.raises(NotPossible, match="already waiting to be sent"):
        confirming.write_again(grant=first, by=scene.dan.actor)
    with pytest.raises(NotAllowed):
        confirming.write_again(grant=first, by=scene.carol.actor)
    assert confirming.write_to_all(dataset=scene.dataset, by=scene.dan.actor) == 1
    drain()
    assert confirming.write_to_all(dataset=scene.dataset, by=scene.dan.actor) == 0
    confirming.confirm(grant=second, by=scene.bob.actor)
    with clock.frozen(clock.now() + dt.timedelta(days=2)):
        assert confirming.write_to_all(dataset=scene.dataset, by=scene.dan.actor) == 1
    assert OutboxMessage.objects.filter(kind="grant-imported").count() == 3
    with pytest.raises(NotPossible, match="is confirmed already"):
        confirming.write_again(grant=second, by=scene.dan.actor)


def test_an_invitation_that_waits_is_not_sent_once_it_was_answered(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    confirming.write_again(grant=grant, by=scene.dan.actor)
    confirming.confirm(grant=grant, by=scene.eve.actor)
    drain()
    assert OutboxMessage.objects.get(kind="grant-imported").state == "superseded"


def test_whose_access_the_lab_ended_meanwhile_does_not_confirm(scene: Scene) -> None:
    many.grants(scene.dataset, [scene.eve.email])
    grant = bring_in(scene, scene.eve)
    own = Grant.objects.get(holder=scene.eve, imported_at=None)
    many.start(scene.dataset, ScopeKind.GRANT, own.reference, by=scene.dan)
    with pytest.raises(NotAllowed, match="The lab has ended your access to this dataset"):
        confirming.confirm(grant=grant, by=scene.eve.actor)
    assert not Seal.objects.filter(grant=grant).exists()


def test_a_bar_on_the_address_of_signing_in_counts_as_the_one_on_the_address_written_to(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    Application.objects.filter(pk=grant.application_id).update(email="eve@elsewhere.example")
    User.objects.filter(pk=scene.eve.pk).update(email="eve@barred.example")
    barring.set_bar(dataset=scene.dataset, domain="barred.example", reason="Misuse.", by=scene.dan.actor)
    grant.refresh_from_db()
    with pytest.raises(NotAllowed):
        confirming.confirm(grant=grant, by=scene.eve.actor)
