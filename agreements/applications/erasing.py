"""Erasing what was written in an application. Its row stays, with its reference, its state and its times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from agreements.applications import evidence
from agreements.applications.form import FIELDS, form_sha256
from agreements.applications.models import (
    Application,
    ApplicationMember,
    BrowserSignature,
    Decision,
    EvidenceRun,
    EvidenceState,
    Remark,
    SignedCopy,
    State,
    Submission,
)
from agreements.applications.states import Step
from agreements.applications.transition import move
from agreements.catalog.models import Dataset
from agreements.core import erased
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.erased import Named
from agreements.documents import erasing as papers
from agreements.documents.models import StoredDocument
from agreements.ledger.act import Act
from agreements.ledger.erased import cut_texts, digests_of

# What led to no access, and can lead to none any more.
OVER: Final = (State.WITHDRAWN, State.LAPSED, State.DECLINED)


@dataclass(frozen=True, slots=True)
class Erased:
    """The digests in the record that nothing opens any more, and the papers that went."""

    digests: frozenset[str]
    documents: tuple[StoredDocument, ...]


def forgettable(dataset: Dataset, *, until: dt.datetime) -> QuerySet[Application]:
    """Return what ended without access and was neither changed nor decided since `until`, the oldest first."""
    over = Application.objects.filter(dataset=dataset, state__in=OVER, erased_at=None)
    # Each step sets `updated_at`, a decision too.
    return over.filter(updated_at__lte=until).order_by("updated_at", "pk")


def lock_all(applications: Iterable[Application]) -> list[Application]:
    """Return applications as they are now, locked in primary-key order until the act ends."""
    rows = Application.objects.select_for_update(of=("self",)).select_related("dataset", "terms", "applicant")
    return list(rows.filter(pk__in=[each.pk for each in applications]).order_by("pk"))


def end(record: Act, *, application: Application, by: Actor) -> None:
    """Withdraw a locked application that still runs, and tell nobody: its owner is about to be erased."""
    if application.state in {State.DRAFT, State.SUBMITTED, State.RETURNED}:
        move(record, application=application, step=Step.WITHDRAW, by=by)


def erase(application: Application) -> Erased:
    """Erase what was written in a locked application, by its applicant and about them, in the caller's transaction."""
    submissions = list(Submission.objects.filter(application=application))
    _stop_gathering(submissions)
    runs = EvidenceRun.objects.filter(submission__in=submissions)
    digests = digests_of(
        *Decision.objects.filter(application=application).values_list("reason", "reason_salt"),
        *Remark.objects.filter(application=application).values_list("text", "text_salt"),
    )
    digests |= {each.form_sha256 for each in submissions} | set(runs.values_list("digest", flat=True))
    documents = [*signed_copies(application), *papers.agreements_of(application.reference)]
    papers.mark(documents)
    digests |= {document.sha256 for document in documents}
    for run in runs:
        run.findings, run.sources = [_bare(finding) for finding in run.findings], {}
        run.save(update_fields=["findings", "sources"])
    for submission in submissions:
        submission.form = {"erased": True, "terms": submission.form.get("terms", {})}
        submission.save(update_fields=["form"])
    ApplicationMember.objects.filter(application=application).delete()
    SignedCopy.objects.filter(application=application).update(original_name="")
    erase_signatures(application)
    Decision.objects.filter(application=application).update(reason="", reason_salt="")
    Remark.objects.filter(application=application).update(text="", text_salt="")
    for field in FIELDS:
        setattr(application, field, "")
    application.email, application.erased_at = erased.ADDRESS, now()
    application.save(update_fields=[*FIELDS, "email", "erased_at"])
    return Erased(frozenset(digests), tuple(documents))


def erase_signatures(application: Application) -> None:
    """Erase what was drawn or typed to sign in the browser, and from where: it goes with the copy that it made."""
    signatures = BrowserSignature.objects.filter(signed_copy__application=application)
    signatures.update(name="", strokes=[], email=erased.ADDRESS, network_address=None)


def signed_copies(application: Application) -> list[StoredDocument]:
    """Return every signed copy that ever came in, replaced ones too."""
    return [copy.document for copy in SignedCopy.objects.filter(application=application).select_related("document")]


def naming(who: Named) -> list[Application]:
    """Return the applications that name somebody as a colleague, now or as they were handed in."""
    by_address = Q()
    for pattern in who.mailboxes():
        by_address |= Q(email__iregex=pattern)
    if not by_address:
        return []
    found = set(ApplicationMember.objects.filter(by_address).values_list("application", flat=True))
    # A submission is plain JSON: it is read, since databases spell what is in it differently.
    for submission in Submission.objects.filter(application__erased_at=None).only("application_id", "form").iterator():
        if any(who.owns(str(member.get("email", ""))) for member in submission.form.get("members", [])):
            found.add(submission.application_id)
    return list(Application.objects.filter(pk__in=found).select_related("dataset").order_by("pk"))


def names_written_for(who: Named, applications: Iterable[Application]) -> set[str]:
    """Return by which names colleagues called somebody in their applications."""
    names = set()
    for member in ApplicationMember.objects.filter(application__in=list(applications)):
        if who.owns(member.email):
            names.add(member.name)
    for submission in Submission.objects.filter(application__in=list(applications)):
        for listed in submission.form.get("members", []):
            if who.owns(str(listed.get("email", ""))):
                names.add(str(listed.get("name", "")))
    return names


def cut(application: Application, who: Named) -> set[str]:
    """Cut a person out of a colleague's locked application, and return the digests that nothing opens any more.

    Its form's hash stays as it was recorded, so that it no longer fits the form; the row of the erasure says so.
    """
    digests: set[str] = set()
    for member in ApplicationMember.objects.filter(application=application):
        if who.owns(member.email):
            member.delete()
    for submission in Submission.objects.filter(application=application):
        form = _without(submission.form, who)
        if form != submission.form:
            submission.form = form
            submission.save(update_fields=["form"])
            digests.add(submission.form_sha256)
    for run in EvidenceRun.objects.filter(submission__application=application):
        findings = who.cut_all(run.findings)
        if findings != run.findings:
            run.findings = findings
            run.save(update_fields=["findings"])
            digests.add(run.digest)
    decisions, remarks = (model.objects.filter(application=application) for model in (Decision, Remark))
    digests |= cut_texts(decisions, text="reason", salt="reason_salt", who=who, parts=True)
    digests |= cut_texts(remarks, text="text", salt="text_salt", who=who, parts=True)
    use = who.cut(application.intended_use)
    if use != application.intended_use:
        application.intended_use = use
        application.save(update_fields=["intended_use"])
    return digests


def erase_remarks_of(author_pk: int) -> set[str]:
    """Erase the remarks that somebody wrote, wherever, and return their digests."""
    written = Remark.objects.filter(author=author_pk)
    digests = digests_of(*written.values_list("text", "text_salt"))
    written.update(text="", text_salt="")
    return digests


def is_whole(submission: Submission) -> bool:
    """Return whether a submission's form is still what was handed in: nothing of it was erased."""
    return form_sha256(submission.form) == submission.form_sha256


def _stop_gathering(submissions: Iterable[Submission]) -> None:
    for run in EvidenceRun.objects.filter(submission__in=list(submissions), state=EvidenceState.PENDING):
        evidence.give_up(run=run, reason=erased.WORD)


def _bare(finding: dict[str, Any]) -> dict[str, Any]:
    """Return what is left of a finding: what was looked at, and how it came out."""
    return {"check": finding["check"], "outcome": finding["outcome"], "summary": erased.WORD, "details": {}}


def _without(form: dict[str, Any], who: Named) -> dict[str, Any]:
    gone = {"name": erased.WORD, "email": erased.ADDRESS}
    members = [gone if who.owns(str(each.get("email", ""))) else each for each in form.get("members", [])]
    left: dict[str, Any] = who.cut_all(form | ({"members": members} if "members" in form else {}))
    return left
