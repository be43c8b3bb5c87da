"""One case, with everything that a reviewer needs on one screen."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.applications import browser_signatures, evidence, remarks, submission
from agreements.applications.models import (
    Application,
    BrowserSignature,
    Decision,
    EvidenceRun,
    Remark,
    State,
    Submission,
)
from agreements.applications.permissions import Permission, check_may, may
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed
from agreements.documents.models import PageImage
from agreements.review.decisions import Seen
from agreements.review.history import History, history_of
from agreements.review.queue import neighbours


@dataclass(frozen=True, slots=True)
class Case:
    """`why_not` says why the viewer cannot decide, or is empty; `signed` is how it was signed here, if so."""

    application: Application
    submission: Submission
    signed: BrowserSignature | None
    run: EvidenceRun | None
    pages: list[PageImage]
    history: History
    remarks: list[Remark]
    decisions: list[Decision]
    seen: Seen
    why_not: str
    may_remark: bool
    may_request_again: bool
    previous: str | None
    next: str | None

    @property
    def title(self) -> str:
        """Return by what the case is called: the applicant's name, once it is erased its reference."""
        if self.application.erased_at is not None:
            return self.application.reference
        return self.application.name or self.application.email


def load(*, application: Application, by: Actor) -> Case:
    """Return the case as it is now. The caller has checked that `by` may read it."""
    handed_in = submission.newest(application)
    if handed_in is None:
        raise LookupError(f"{application.reference} was never submitted")
    run = evidence.newest(handed_in)
    previous, following = neighbours(application=application, by=by)
    return Case(
        application=application,
        submission=handed_in,
        signed=browser_signatures.of(handed_in.signed_copy),
        run=run,
        pages=list(PageImage.objects.filter(document=handed_in.signed_copy.document)),
        history=history_of(application),
        remarks=list(remarks.visible_to_reviewers(application)),
        decisions=list(Decision.objects.filter(application=application).select_related("reviewer", "submission")),
        seen=Seen(handed_in.number, run.digest if run else ""),
        why_not=_why_not(application, by=by),
        may_remark=application.erased_at is None and may(Permission.REMARK, application=application, by=by),
        may_request_again=evidence.may_request_again(application=application, last=run, by=by),
        previous=previous,
        next=following,
    )


def _why_not(application: Application, *, by: Actor) -> str:
    try:
        check_may(Permission.DECIDE, application=application, by=by)
    except NotAllowed as refusal:
        return str(refusal)
    return "" if application.state == State.SUBMITTED else str(application.get_state_display())
