"""Deciding: by whom, on what, with how many, and what happens when the case moved on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail

from agreements.applications import evidence, submission
from agreements.applications.models import Application, ApplicationMember, Decision, DecisionKind, State
from agreements.applications.permissions import Permission, cases_visible_to, may
from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.core.errors import DomainError, Invalid, MovedOn, NotAllowed, NotPossible
from agreements.flows.approving import approve
from agreements.grants.models import Grant
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.people.models import User, normal_address
from agreements.review import case, decisions
from agreements.review.decisions import Seen
from tests.applications.cases import FINDING, SYSTEM, fresh, put, seen, staff, with_evidence
from tests.flows.scene import Scene, submitted

Decide = Callable[..., object]
ALL: dict[str, Decide] = {
    "approve": approve,
    "return": decisions.return_for_changes,
    "decline": decisions.decline,
}


def attempt(
    how: str, application: Application, by: object, *, reason: str = "Because.", at: Seen | None = None
) -> object:
    try:
        ALL[how](application=application, seen=at or seen(application), reason=reason, by=by)
    except DomainError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("how", ALL)
def test_nobody_decides_on_themselves(scene: Scene, how: str) -> None:
    """Whatever roles they hold."""
    application = put(scene, State.SUBMITTED)
    for role in Role:
        roles.give(user=scene.alice, dataset=scene.dataset, role=role, by=SYSTEM)
    refusal = attempt(how, application, scene.alice.actor)
    assert isinstance(refusal, NotAllowed)
    assert str(refusal) == "This is your own application: someone else has to work on it."
    assert (fresh(application).state, Decision.objects.count()) == (State.SUBMITTED, 0)


@pytest.mark.parametrize("spelling", ["alice+x@connect.ust.hk", "alice@ｃonnect.ust.hk", "ALICE+Y@connect。ust.hk"])
def test_nobody_decides_on_themselves_from_another_account_of_their_mailbox(scene: Scene, spelling: str) -> None:
    application = put(scene, State.SUBMITTED)
    assert application.email == "alice@connect.ust.hk"
    Application.objects.filter(pk=application.pk).update(applicant=scene.eve)
    other = User.objects.filter(email=normal_address(spelling)).first() or User.objects.create_user(spelling)
    roles.give(user=other, dataset=scene.dataset, role=Role.REVIEWER, by=SYSTEM)
    assert "your own application" in str(attempt("approve", fresh(application), other.actor))
    assert not cases_visible_to(other.actor).exists()


@pytest.mark.parametrize("named", ["carol@genebody.example", "Carol+lab@genebody.example", "carol@ｇenebody.example"])
def test_a_colleague_named_in_the_application_does_not_decide_on_it(scene: Scene, named: str) -> None:
    application = put(scene, State.SUBMITTED)
    assert application in cases_visible_to(scene.carol.actor)
    ApplicationMember.objects.create(application=application, name="Carol", email=normal_address(named))
    for how in ALL:
        assert "named in this application" in str(attempt(how, application, scene.carol.actor))
    assert not may(Permission.VIEW_CASE, application=application, by=scene.carol.actor)
    assert application not in cases_visible_to(scene.carol.actor)
    assert attempt("approve", application, scene.dan.actor) is None


@pytest.mark.parametrize("how", ALL)
def test_only_reviewers_and_stewards_of_the_dataset_decide(scene: Scene, how: str) -> None:
    application = put(scene, State.SUBMITTED)
    auditor = staff(scene, "audrey", Role.AUDITOR)
    for other in (scene.bob, scene.eve, auditor):
        assert isinstance(attempt(how, application, other.actor), NotAllowed)
    assert attempt(how, application, scene.dan.actor) is None


@pytest.mark.parametrize(
    ("reviewer", "allowed_by_dataset", "refused"),
    [
        ("connect.ust.hk", False, True),
        ("CONNECT.ust.hk", False, True),
        ("ｃonnect.ust。hk", False, True),
        ("connect.ust.hk", True, False),
        ("evilconnect.ust.hk", False, False),
        ("ust.hk", False, True),
        ("lab.connect.ust.hk", False, True),
        ("genebody.example", False, False),
    ],
)
def test_the_own_organization_is_for_others_where_the_dataset_says_so(
    scene: Scene, reviewer: str, allowed_by_dataset: bool, refused: bool
) -> None:
    scene.dataset.reviewers_decide_on_own_organization = allowed_by_dataset
    scene.dataset.save()
    colleague = staff(scene, "rita", Role.REVIEWER, host=reviewer)
    application = put(scene, State.SUBMITTED)
    refusal = attempt("approve", application, colleague.actor)
    assert isinstance(refusal, NotAllowed) == refused
    if refused:
        assert "of your own organization" in str(refusal)
        assert "of your own organization" in case.load(application=application, by=colleague.actor).why_not


def test_two_approvals_of_two_reviewers_are_needed_where_the_dataset_asks_for_two(scene: Scene) -> None:
    scene.dataset.approvals_needed = 2
    scene.dataset.save()
    application = put(scene, State.SUBMITTED)
    outcome, grant = approve(application=application, seen=seen(application), reason="", by=scene.carol.actor)
    assert (outcome.given, outcome.needed, outcome.complete, grant) == (1, 2, False, None)
    assert fresh(application).state == State.SUBMITTED
    refusal = attempt("approve", application, scene.carol.actor)
    assert isinstance(refusal, NotPossible)
    assert "another reviewer has to approve it too" in str(refusal)
    outcome, grant = approve(application=application, seen=seen(application), reason="", by=scene.dan.actor)
    assert outcome.complete
    assert grant is not None
    assert fresh(application).state == State.APPROVED
    kinds = LedgerEntry.objects.filter(kind__in=["approval.given", "application.approved"]).order_by("sequence")
    assert [entry.kind for entry in kinds] == ["approval.given", "application.approved"]


@pytest.mark.parametrize("how", ["return", "decline"])
def test_the_author_of_the_first_approval_may_still_say_otherwise(scene: Scene, how: str) -> None:
    scene.dataset.approvals_needed = 2
    scene.dataset.save()
    application = put(scene, State.SUBMITTED)
    assert attempt("approve", application, scene.carol.actor) is None
    assert attempt(how, application, scene.carol.actor) is None
    assert not Grant.objects.exists()


def test_an_approval_counts_for_the_submission_it_was_given_to(scene: Scene) -> None:
    scene.dataset.approvals_needed = 2
    scene.dataset.save()
    application = put(scene, State.SUBMITTED)
    attempt("approve", application, scene.carol.actor)
    attempt("return", application, scene.dan.actor)
    submission.submit(application=application, by=scene.alice.actor)
    with_evidence(application)
    outcome, grant = approve(application=application, seen=seen(application), reason="", by=scene.dan.actor)
    assert (outcome.given, grant) == (1, None)
    assert attempt("approve", application, scene.carol.actor) is None
    assert fresh(application).state == State.APPROVED


@pytest.mark.parametrize("how", ALL)
def test_a_decision_on_what_is_no_longer_there_is_refused_with_what_changed(scene: Scene, how: str) -> None:
    application = put(scene, State.SUBMITTED)
    old = seen(application)
    again = evidence.request_again(submission=submission.newest(application), by=scene.carol.actor)  # type: ignore[arg-type]
    evidence.complete(run=again, findings=[FINDING | {"outcome": "fail"}], sources={})
    refusal = attempt(how, application, scene.carol.actor, at=old)
    assert isinstance(refusal, MovedOn)
    assert refusal.changes == ("The evidence is newer than what you saw.",)
    decisions.return_for_changes(
        application=application, seen=seen(application), reason="Once more.", by=scene.dan.actor
    )
    submission.submit(application=application, by=scene.alice.actor)
    refusal = attempt(how, application, scene.carol.actor, at=old)
    assert isinstance(refusal, MovedOn)
    assert refusal.changes == ("The applicant handed in submission 2.", "The evidence is newer than what you saw.")
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("how", ALL)
def test_of_two_reviewers_at_once_the_second_is_told_plainly(scene: Scene, how: str) -> None:
    application = put(scene, State.SUBMITTED)
    both_saw = seen(application)
    assert attempt("decline", application, scene.carol.actor, at=both_saw) is None
    refusal = attempt(how, application, scene.dan.actor, at=both_saw)
    assert str(refusal) == f"{application.reference} is declined: this can no longer be done."
    assert (Decision.objects.count(), Grant.objects.count()) == (1, 0)


def test_approving_without_complete_evidence_asks_for_a_reason(scene: Scene) -> None:
    application = submitted(scene)
    for given_up in (False, True):
        if given_up:
            _give_up(application)
        refusal = attempt("approve", application, scene.carol.actor, reason="  ")
        assert isinstance(refusal, Invalid)
        assert (refusal.field, "say why you approve without it" in str(refusal)) == ("reason", True)
    assert attempt("approve", application, scene.carol.actor, reason="I know her.") is None


@pytest.mark.parametrize("how", ["return", "decline"])
def test_what_the_applicant_reads_cannot_be_empty(scene: Scene, how: str) -> None:
    application = put(scene, State.SUBMITTED)
    refusal = attempt(how, application, scene.carol.actor, reason=" \n ")
    assert isinstance(refusal, Invalid)
    assert (refusal.field, str(refusal)) == ("reason", "Give the reason: the applicant reads it.")


@pytest.mark.parametrize(
    ("how", "subject", "says"),
    [
        ("return", "GeneBody: your application {} needs changes", "Please sign page 3."),
        ("decline", "GeneBody: a decision on your application {}", "Please sign page 3."),
    ],
)
def test_the_applicant_is_told_by_mail_and_the_record_keeps_a_digest(
    scene: Scene, how: str, subject: str, says: str
) -> None:
    application = put(scene, State.SUBMITTED)
    drain()
    attempt(how, application, scene.carol.actor, reason=says)
    drain()
    assert mail.outbox[-1].subject == subject.format(application.reference)
    assert says in str(mail.outbox[-1].body)
    assert "Carol" not in str(mail.outbox[-1].body)
    decision = Decision.objects.get()
    entry = LedgerEntry.objects.order_by("-sequence").first()
    assert entry is not None
    assert entry.payload["reason_digest"] == text_digest(says, salt=decision.reason_salt)
    assert entry.payload["evidence_digest"] == decision.evidence_digest == seen(application).evidence_digest
    assert says not in str(entry.payload)
    assert entry.role == "reviewer"


@pytest.mark.parametrize("how", ALL)
def test_the_record_says_in_which_role_was_decided(scene: Scene, how: str) -> None:
    application = put(scene, State.SUBMITTED)
    assert attempt(how, application, scene.dan.actor) is None
    of_dan = LedgerEntry.objects.filter(actor=scene.dan.actor.id)
    assert of_dan.exists()
    assert set(of_dan.values_list("role", flat=True)) == {"steward"}


def test_an_act_is_recorded_under_the_strongest_role_that_allowed_it(scene: Scene) -> None:
    roles.give(user=scene.carol, dataset=scene.dataset, role=Role.STEWARD, by=scene.dan.actor)
    application = put(scene, State.SUBMITTED)
    attempt("approve", application, scene.carol.actor)
    assert LedgerEntry.objects.get(kind="application.approved").role == "steward"
    assert LedgerEntry.objects.get(kind="grant.issued").role == "steward"
    assert LedgerEntry.objects.get(kind="application.submitted").role == "applicant"
    assert LedgerEntry.objects.get(kind="role.given", actor=scene.dan.actor.id).role == "steward"
    assert not LedgerEntry.objects.filter(role="").exists()


def test_a_kind_of_decision_has_a_function() -> None:
    assert set(ALL) == set(DecisionKind)


def _give_up(application: Application) -> None:
    handed_in = submission.newest(application)
    assert handed_in is not None
    run = evidence.newest(handed_in)
    assert run is not None
    evidence.give_up(run=run, reason="No worker.")
