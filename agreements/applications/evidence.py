"""Runs of evidence on a submission: asked for, taken up, written down once, kept for ever."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from agreements.applications.models import Application, EvidenceRun, EvidenceState, State, Submission
from agreements.applications.permissions import Permission, Standing, cases_decidable_by, check_may
from agreements.applications.transition import lock, subjects
from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import inspecting
from agreements.documents.models import Inspection, InspectionState
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

# A claim outlives one gathering; a killed worker's run is taken up again after it.
CLAIM: Final = dt.timedelta(seconds=60)
ATTEMPTS: Final = 5
GATHERER: Final = actors.job("evidence")
# So many cases are asked for in one act: others write in between.
AT_ONCE: Final = 100

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


def request_again_for(*, cases: Sequence[int], by: Actor) -> int:
    """Ask for a new run of each of these cases, given by primary keys; return for how many it was possible.

    As `request_again`, but in a few acts that are short however many there are; who may not is refused nothing, and
    what was decided, is being gathered or cannot be opened any more is left out.
    """
    ordered = sorted(cases)
    return sum(_request_some(ordered[start : start + AT_ONCE], by) for start in range(0, len(ordered), AT_ONCE))


def _request_some(some: Sequence[int], by: Actor) -> int:
    with act() as record:
        found = Application.objects.filter(pk__in=some).select_related("dataset", "applicant").order_by("pk")
        locked = {application.pk: application for application in found.select_for_update(of=("self",))}
        # Asked only under the locks: what was decided a moment ago needs no evidence.
        possible = set(open_to_request(by).filter(pk__in=locked).values_list("pk", flat=True))
        submissions = _openable(_newest_of(possible))
        numbers = EvidenceRun.objects.filter(submission__in=submissions).values_list("submission")
        before = dict(numbers.annotate(Count("pk")).order_by())
        runs = [EvidenceRun(submission=each, number=before.get(each.pk, 0) + 1) for each in submissions]
        EvidenceRun.objects.bulk_create(runs)
        standings: dict[int, Standing] = {}
        for run in runs:
            application = locked[run.submission.application_id]
            # It follows from roles alone: those whom a case concerns are left out above.
            if application.dataset_id not in standings:
                standings[application.dataset_id] = check_may(Permission.DECIDE, application=application, by=by)
            record.record(
                Kind.EVIDENCE_REQUESTED,
                by=by,
                as_role=standings[application.dataset_id],
                subjects=subjects(application),
                submission=run.submission.number,
                run=run.number,
            )
        if runs:
            poke(Wakeup.EVIDENCE)
    return len(runs)


def _newest_of(cases: set[int]) -> list[Submission]:
    every = Submission.objects.filter(application__in=cases).order_by("application", "number")
    return list({each.application_id: each for each in every.select_related("signed_copy__document")}.values())


def _openable(submissions: Sequence[Submission]) -> list[Submission]:
    """Have the signed copies opened again that could not be; return the submissions without those that cannot."""
    documents = [each.signed_copy.document_id for each in submissions]
    failed = Inspection.objects.filter(document__in=documents, state=InspectionState.FAILED)
    given_up = set()
    for inspection in failed.select_related("document"):
        try:
            inspecting.ask_again(document=inspection.document)
        except NotPossible:
            given_up.add(inspection.document_id)
    return [each for each in submissions if each.signed_copy.document_id not in given_up]


def open_to_request(by: Actor) -> QuerySet[Application]:
    """Return the cases for which someone may ask for a new run now. Agrees with `may_request_again`."""
    runs = EvidenceRun.objects.filter(submission__application=OuterRef("pk"))
    last = runs.order_by("-submission__number", "-number").values("state")[:1]
    waiting = cases_decidable_by(by).filter(state=State.SUBMITTED)
    return waiting.annotate(last_run=Subquery(last)).exclude(last_run=EvidenceState.PENDING)


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


def complete(
    *,
    run: EvidenceRun,
    findings: Sequence[Finding],
    sources: Mapping[str, str],
    still: Callable[[], bool] = lambda: True,
) -> bool:
    """Freeze the findings of a run; return False where they were not. A run completed meanwhile stays as it is.

    `still` is asked in the transaction that freezes: where what the findings rest on has changed since, the run is
    given back instead, due at once.
    """
    return _finish(run, state=EvidenceState.COMPLETE, findings=findings, sources=sources, still=still)


def give_up(*, run: EvidenceRun, reason: str) -> None:
    """Freeze a run as unknown, with the reason that a reviewer reads."""
    finding = {"check": "evidence", "outcome": "unknown", "summary": reason, "details": {}}
    _finish(run, state=EvidenceState.UNKNOWN, findings=[finding], sources={})


def _finish(
    run: EvidenceRun,
    *,
    state: EvidenceState,
    findings: Sequence[Finding],
    sources: Mapping[str, str],
    still: Callable[[], bool] = lambda: True,
) -> bool:
    with act() as record:
        application = lock(run.submission.application)
        locked = EvidenceRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != EvidenceState.PENDING:
            return True
        if not still():
            put_off(run=locked, seconds=0)
            return False
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
    return True


def _digest(run: EvidenceRun) -> str:
    body = {"run": run.number, "findings": run.findings, "sources": run.sources}
    return sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
