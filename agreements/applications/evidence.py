"""Runs of evidence on a submission: asked for, taken up, written down once, kept for ever."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from django.utils.translation import gettext as _

from agreements.applications.models import Application, EvidenceRun, EvidenceState, State, Submission
from agreements.applications.permissions import Permission, Standing, check_may
from agreements.applications.transition import lock, subjects
from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import inspecting
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

# A claim outlives one gathering; a killed worker's run is taken up again after it.
CLAIM: Final = dt.timedelta(seconds=60)
ATTEMPTS: Final = 5
GATHERER: Final = actors.job("evidence")

Finding = dict[str, Any]


def open_run(*, submission: Submission) -> EvidenceRun:
    """Ask for evidence, in the caller's transaction; a task is poked after the commit."""
    number = EvidenceRun.objects.filter(submission=submission).count() + 1
    run = EvidenceRun.objects.create(submission=submission, number=number)
    poke(Wakeup.EVIDENCE)
    return run


def request_again(*, submission: Submission, by: Actor) -> EvidenceRun:
    """Ask for a new run; the earlier ones stay. A signed copy that could not be opened is opened again first.

    Raises NotPossible while a run is pending, and once the case is no longer in review.
    """
    with act() as record:
        application = lock(submission.application)
        standing = _check_may_request_again(application=application, last=newest(submission), by=by)
        inspecting.ask_again(document=submission.signed_copy.document)
        run = open_run(submission=submission)
        record.record(
            Kind.EVIDENCE_REQUESTED,
            by=by,
            as_role=standing,
            subjects=subjects(application),
            submission=submission.number,
            run=run.number,
        )
    return run


def may_request_again(*, application: Application, last: EvidenceRun | None, by: Actor) -> bool:
    """Return whether `request_again` would go through; `last` is the newest run of the newest submission."""
    try:
        _check_may_request_again(application=application, last=last, by=by)
    except (NotAllowed, NotPossible):
        return False
    return True


def _check_may_request_again(*, application: Application, last: EvidenceRun | None, by: Actor) -> Standing:
    standing = check_may(Permission.DECIDE, application=application, by=by)
    if application.state != State.SUBMITTED:
        raise NotPossible(
            _("%(reference)s is %(state)s: its evidence stays as it is.")
            % {"reference": application.reference, "state": application.get_state_display()}
        )
    if last is not None and last.state == EvidenceState.PENDING:
        raise NotPossible(_("Evidence is being gathered already."))
    return standing


def newest(submission: Submission) -> EvidenceRun | None:
    """Return the run that counts: the last one."""
    return EvidenceRun.objects.filter(submission=submission).order_by("-number").first()


def claim_due() -> EvidenceRun | None:
    """Take one due run for this process, or return None."""
    due = EvidenceRun.objects.filter(state=EvidenceState.PENDING, due_at__lte=now()).order_by("due_at")
    for run in due[:10]:
        taken = due.filter(pk=run.pk, attempts=run.attempts).update(due_at=now() + CLAIM, attempts=run.attempts + 1)
        if taken:
            run.refresh_from_db()
            return run
    return None


def put_off(*, run: EvidenceRun, seconds: int) -> None:
    """Give a claimed run back, to be taken up later; waiting for something else is not a failed attempt."""
    EvidenceRun.objects.filter(pk=run.pk, state=EvidenceState.PENDING).update(
        due_at=now() + dt.timedelta(seconds=seconds), attempts=run.attempts - 1
    )


def complete(*, run: EvidenceRun, findings: Sequence[Finding], sources: Mapping[str, str]) -> None:
    """Freeze the findings of a run. A run that was completed meanwhile stays as it is."""
    _finish(run, state=EvidenceState.COMPLETE, findings=findings, sources=sources)


def give_up(*, run: EvidenceRun, reason: str) -> None:
    """Freeze a run as unknown, with the reason that a reviewer reads."""
    finding = {"check": "evidence", "outcome": "unknown", "summary": reason, "details": {}}
    _finish(run, state=EvidenceState.UNKNOWN, findings=[finding], sources={})


def _finish(run: EvidenceRun, *, state: EvidenceState, findings: Sequence[Finding], sources: Mapping[str, str]) -> None:
    with act() as record:
        application = lock(run.submission.application)
        locked = EvidenceRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != EvidenceState.PENDING:
            return
        locked.findings, locked.sources = list(findings), dict(sources)
        locked.digest, locked.finished_at = _digest(locked), now()
        locked.state = state
        locked.save(update_fields=["state", "findings", "sources", "digest", "finished_at"])
        record.record(
            Kind.EVIDENCE_GATHERED,
            by=GATHERER,
            as_role=Standing.SYSTEM,
            subjects=subjects(application),
            submission=run.submission.number,
            run=run.number,
            digest=locked.digest,
            outcomes={finding["check"]: finding["outcome"] for finding in findings},
        )


def _digest(run: EvidenceRun) -> str:
    body = {"run": run.number, "findings": run.findings, "sources": run.sources}
    return sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
