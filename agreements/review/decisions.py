"""Deciding on a case, bound to what was on the reviewer's screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications import evidence, submission
from agreements.applications.messages import queue_declined, queue_returned
from agreements.applications.models import (
    Application,
    Decision,
    DecisionKind,
    EvidenceRun,
    EvidenceState,
    Submission,
)
from agreements.applications.permissions import Standing
from agreements.applications.states import Step
from agreements.applications.transition import check_step, lock, move, subjects
from agreements.core.actors import Actor
from agreements.core.errors import Invalid, MovedOn, NotPossible
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reviewer had in front of them: the submission's number and the evidence's digest ('' if pending)."""

    submission_number: int
    evidence_digest: str


@dataclass(frozen=True, slots=True)
class Approved:
    """`standing` allowed the last one; `complete` once as many different reviewers approved as the dataset asks for."""

    application: Application
    submission: Submission
    standing: Standing
    given: int
    needed: int

    @property
    def complete(self) -> bool:
        return self.given >= self.needed


_STEPS: Final = {
    DecisionKind.APPROVE: Step.APPROVE,
    DecisionKind.RETURN: Step.RETURN,
    DecisionKind.DECLINE: Step.DECLINE,
}


def approve(*, application: Application, seen: Seen, reason: str, by: Actor) -> Approved:
    """Add an approval; with the last one needed the application is approved.

    Raises MovedOn if the case is not what was seen, Invalid if a reason is needed, NotPossible, NotAllowed.
    """
    with act() as record:
        locked, handed_in, run, standing = _lock_as_seen(application, DecisionKind.APPROVE, seen, by=by)
        if not reason.strip() and (run is None or run.state != EvidenceState.COMPLETE):
            raise Invalid(_("The evidence is not complete: say why you approve without it."), field="reason")
        _refuse_second_approval(handed_in, by=by)
        decision = _write(locked, handed_in, DecisionKind.APPROVE, seen, reason, by=by)
        given = Decision.objects.filter(submission=handed_in, kind=DecisionKind.APPROVE).count()
        outcome = Approved(locked, handed_in, standing, given, locked.dataset.approvals_needed)
        if outcome.complete:
            move(record, application=locked, step=Step.APPROVE, by=by, **_payload(decision))
        else:
            _record_partial(record, outcome, decision, by=by)
    return outcome


def return_for_changes(*, application: Application, seen: Seen, reason: str, by: Actor) -> None:
    """Give the application back to its applicant, who reads the reason."""
    with act() as record:
        locked, decision = _decide(record, application, DecisionKind.RETURN, seen, reason, by=by)
        queue_returned(locked, decision)


def decline(*, application: Application, seen: Seen, reason: str, by: Actor) -> None:
    """Say no; the applicant reads the reason and may apply again."""
    with act() as record:
        locked, decision = _decide(record, application, DecisionKind.DECLINE, seen, reason, by=by)
        queue_declined(locked, decision)


def _decide(
    record: Act, application: Application, kind: DecisionKind, seen: Seen, reason: str, *, by: Actor
) -> tuple[Application, Decision]:
    if not reason.strip():
        raise Invalid(_("Give the reason: the applicant reads it."), field="reason")
    locked, handed_in, _run, _standing = _lock_as_seen(application, kind, seen, by=by)
    decision = _write(locked, handed_in, kind, seen, reason, by=by)
    move(record, application=locked, step=_STEPS[kind], by=by, **_payload(decision))
    return locked, decision


def _lock_as_seen(
    application: Application, kind: DecisionKind, seen: Seen, *, by: Actor
) -> tuple[Application, Submission, EvidenceRun | None, Standing]:
    locked = lock(application)
    _target, standing = check_step(application=locked, step=_STEPS[kind], by=by)
    handed_in = submission.newest(locked)
    assert handed_in is not None, "a submitted application has a submission"
    run = evidence.newest(handed_in)
    changes = []
    if handed_in.number != seen.submission_number:
        changes.append(_("The applicant handed in submission %(number)d.") % {"number": handed_in.number})
    if (run.digest if run else "") != seen.evidence_digest:
        changes.append(_("The evidence is newer than what you saw."))
    if changes:
        raise MovedOn(
            _("The case changed while you read it. Nothing was decided; what you wrote is kept below."),
            changes=tuple(changes),
        )
    return locked, handed_in, run, standing


def _refuse_second_approval(handed_in: Submission, *, by: Actor) -> None:
    if Decision.objects.filter(submission=handed_in, reviewer_id=by.person_pk).exists():
        raise NotPossible(_("You approved this submission already; another reviewer has to approve it too."))


def _write(
    application: Application, handed_in: Submission, kind: DecisionKind, seen: Seen, reason: str, *, by: Actor
) -> Decision:
    return Decision.objects.create(
        application=application,
        submission=handed_in,
        kind=kind,
        reviewer_id=by.pk,
        reason=reason.strip(),
        reason_salt=new_salt(),
        evidence_digest=seen.evidence_digest,
    )


def _payload(decision: Decision) -> dict[str, str | int]:
    return {
        "submission": decision.submission.number,
        "evidence_digest": decision.evidence_digest,
        "reason_digest": text_digest(decision.reason, salt=decision.reason_salt),
    }


def _record_partial(record: Act, outcome: Approved, decision: Decision, *, by: Actor) -> None:
    record.record(
        Kind.APPROVAL_GIVEN,
        by=by,
        as_role=outcome.standing,
        subjects=subjects(outcome.application),
        given=outcome.given,
        needed=outcome.needed,
        **_payload(decision),
    )
