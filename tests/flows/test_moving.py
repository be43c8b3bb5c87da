"""Moving to another institution: one act ends the old place and begins the new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.core import mail

from agreements.applications import drafting, submission, withdrawing
from agreements.applications.models import Application, EvidenceRun, State
from agreements.bars.models import Bar
from agreements.catalog.models import Subset, Terms
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.flows import moving
from agreements.flows.agreement_issue import issue_agreement
from agreements.grants import lifecycle
from agreements.grants.ends import due, noticing, renewing
from agreements.grants.members import membership
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant, GrantState, Link
from agreements.grants.running import is_running
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.review import gathering
from agreements.revocation import by_holder
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct
from tests.applications.cases import put
from tests.flows.moves import NEW, NOON, move
from tests.flows.scene import Scene
from tests.flows.sending import receive_upload
from tests.web.test_member_pages import joined


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def grant(noon: None, scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


def test_the_access_ends_for_holder_and_members_and_each_owes_an_attestation(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    moved = move(scene, grant)
    grant.refresh_from_db()
    assert (grant.state, grant.closed_for, grant.ends_at) == (GrantState.EXPIRED, "moved", NOON)
    assert not is_running(grant)
    assert not Link.objects.filter(grant=grant, ended_at=None).exists()
    procedure = Procedure.objects.get()
    assert moved.procedure == procedure
    assert (procedure.act, procedure.scope, procedure.scope_value) == ("move", "grant", grant.reference)
    assert (procedure.begun_by, procedure.clause_id, procedure.reason) == (
        scene.alice,
        "termination",
        "I go to Zürich in April.",
    )
    assert AffectedGrant.objects.get().state_before == "active"
    assert procedure.destroy_by == dt.date(2026, 3, 16)
    assert {(row.person, row.due_on) for row in Destruction.objects.select_related("person")} == {
        (scene.alice, dt.date(2026, 3, 16)),
        (scene.bob, dt.date(2026, 3, 16)),
    }


def test_all_of_it_is_recorded_and_the_words_only_as_a_digest(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    before = LedgerEntry.objects.count()
    procedure = move(scene, grant).procedure
    rows = list(LedgerEntry.objects.order_by("sequence")[before:])
    assert [row.kind for row in rows] == ["grant.closed", "procedure.begun", "application.started"]
    begun = rows[1]
    assert (begun.actor, begun.role) == (scene.alice.actor.id, "holder")
    assert begun.subjects["procedure"] == procedure.reference
    assert begun.payload == {
        "act": "move",
        "scope": f"grant {grant.reference}",
        "scope_digest": "",
        "grants": 1,
        "people": 2,
        "clause": "termination",
        "destroy_by": "2026-03-16",
        "reason_digest": text_digest("I go to Zürich in April.", salt=procedure.reason_salt),
    }
    assert verify().holds


def test_the_clause_is_the_one_about_the_site_where_there_is_one(scene: Scene, grant: Grant) -> None:
    terms = Terms.objects.get()
    moves, gives_up = ProcedureAct.MOVE, ProcedureAct.CLOSE
    assert by_holder.clause_of(terms, moves) == "termination"
    terms.clauses = [*terms.clauses, {"id": "single-site", "heading": "One site", "paragraphs": ["At one site."]}]
    assert (by_holder.clause_of(terms, moves), by_holder.clause_of(terms, gives_up)) == ("single-site", "termination")
    terms.clauses = terms.clauses[:1]
    assert (by_holder.clause_of(terms, moves), by_holder.clause_of(terms, gives_up)) == ("research-only",) * 2


@pytest.mark.parametrize("same", ["alice@connect.ust.hk", "Alice+lab@connect.UST.hk", "alice@ust.hk"])
def test_an_address_of_the_old_place_is_not_the_new_one(scene: Scene, grant: Grant, same: str) -> None:
    Application.objects.filter(pk=grant.application.pk).update(email="alice@ust.hk")
    grant.application.refresh_from_db()
    with pytest.raises(Invalid, match="You have this address already") as refused:
        moving.move(grant=grant, email=same, reason="I go.", by=scene.alice.actor)
    assert refused.value.field == "email"
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE


def test_the_new_draft_has_what_is_true_of_the_person_and_nothing_of_the_place(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    draft = move(scene, grant).draft
    assert draft is not None
    assert (draft.state, draft.email, draft.applicant) == (State.DRAFT, NEW, scene.alice)
    assert (draft.name, draft.position, draft.intended_use) == (
        "Alice Zhang 张爱丽",
        "Research scientist",
        "Novel view synthesis of clothed people.",
    )
    place = ("organization", "address_line1", "address_line2", "city", "country", "site_department", "site_city")
    assert [getattr(draft, field) for field in place] == [""] * len(place)
    assert drafting.is_open(draft)


def test_a_closed_access_is_never_renewed_and_its_end_is_told_once(scene: Scene, grant: Grant) -> None:
    move(scene, grant)
    grant.refresh_from_db()
    assert noticing.give_due() == 0
    assert "was closed" in str(renewing.why_not_renewable(grant))
    with pytest.raises(NotPossible, match="under way"):
        move(scene, grant)
    draft = Application.objects.get(state=State.DRAFT)
    withdrawing.withdraw(application=draft, by=scene.alice.actor)
    with pytest.raises(NotPossible, match="was closed already"):
        move(scene, grant)


def test_an_application_from_the_old_place_is_withdrawn_first_and_nothing_has_happened(
    scene: Scene, grant: Grant
) -> None:
    running = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    with pytest.raises(NotPossible, match=f"You have application {running.reference} under way"):
        move(scene, grant)
    grant.refresh_from_db()
    assert (grant.state, Procedure.objects.count()) == (GrantState.ACTIVE, 0)


def test_only_the_holder_moves_and_says_where(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    for who in (scene.bob, scene.dan, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            moving.move(grant=grant, email=NEW, reason="x", by=who.actor)
    with pytest.raises(Invalid) as refused:
        move(scene, grant, reason="  ")
    assert refused.value.field == "reason"


@pytest.mark.parametrize("state", ["suspended", "expired"])
def test_who_moves_late_owes_the_copies_all_the_same(scene: Scene, grant: Grant, state: str) -> None:
    if state == "suspended":
        lifecycle.suspend(grant=grant, by=scene.dan.actor, cause="look", reason="x")
    else:
        Grant.objects.update(ends_at=NOON - dt.timedelta(days=1))
        lifecycle.expire_due()
    move(scene, grant)
    assert AffectedGrant.objects.get().state_before == state
    assert Destruction.objects.count() == 1


def test_where_nothing_can_be_applied_for_the_access_ends_all_the_same(scene: Scene, grant: Grant) -> None:
    Subset.objects.update(access="announced")
    assert move(scene, grant).draft is None
    grant.refresh_from_db()
    assert grant.closed_for == "moved"


class TestTheNewPlace:
    """What is asked about the address is asked about the application's, not the account's."""

    @pytest.fixture
    def draft(self, scene: Scene, grant: Grant) -> Application:
        draft = move(scene, grant).draft
        assert draft is not None
        place = {
            "organization": "ETH Zürich",
            "address_line1": "Rämistrasse 101",
            "city": "Zürich",
            "country": "CH",
            "site_department": "Informatik",
            "site_city": "Zürich",
            "site_country": "CH",
        }
        draft = drafting.save(application=draft, fields=place, by=scene.alice.actor)
        issue_agreement(application=draft, by=scene.alice.actor)
        issued = newest(draft.reference)
        assert issued is not None
        data = store.read(issued.document)
        receive_upload(application=draft, data=data, original_name="signed.pdf", by=scene.alice.actor)
        return draft

    def test_evidence_bars_and_mail_look_at_it(self, scene: Scene, draft: Application) -> None:
        drain()
        mail.outbox.clear()
        bar = Bar.objects.create(dataset=scene.dataset, domain="ethz.ch", reason="x", set_by=scene.dan)
        with pytest.raises(NotAllowed):
            submission.submit(application=draft, by=scene.alice.actor)
        bar.delete()
        handed_in = submission.submit(application=draft, by=scene.alice.actor)
        assert handed_in.form["email"] == NEW
        drain()
        assert [letter.to for letter in mail.outbox] == [[NEW]]
        gathering.work_off()
        [run] = handed_in_runs(draft)
        assert "ethz.ch" in str(run)
        about_it = {str(finding["check"]): finding for finding in run if str(finding["check"]).startswith("address")}
        proof = about_it.pop("address-proof")
        assert proof["outcome"] == "pass"
        assert f"typed in a code mailed to {NEW} then" in str(proof["summary"])
        assert "ust.hk" not in str(about_it)

    def test_the_next_access_is_proven_at_it_and_its_members_are_of_it(self, scene: Scene, grant: Grant) -> None:
        grant.application.email = NEW
        grant.application.save()
        assert due.address_of(grant) == NEW
        assert not member_queries.is_elsewhere(grant, "zoe@ethz.ch")
        zoe = membership.invite(grant=grant, email="zoe@ethz.ch", name="Zoe", by=scene.alice.actor)
        assert zoe.explanation == ""


def handed_in_runs(application: Application) -> list[list[dict[str, object]]]:
    return [run.findings for run in EvidenceRun.objects.filter(submission__application=application)]


def test_a_second_person_of_the_old_place_is_not_touched(scene: Scene, grant: Grant) -> None:
    other = replace(scene, alice=scene.bob)
    put(other, State.APPROVED)
    move(scene, grant)
    assert [one.holder for one in Grant.objects.filter(state=GrantState.ACTIVE)] == [scene.bob]
