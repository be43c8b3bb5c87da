"""Which papers stand behind a grant: what was handed in and approved, the signed copy, the agreement as issued."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.applications import browser_signatures
from agreements.applications.models import Application, BrowserSignature, Decision, DecisionKind, SignedCopy, Submission
from agreements.documents.models import IssuedAgreement


@dataclass(frozen=True, slots=True)
class Behind:
    """`submission` is what was approved; None for what was brought in. `issued` is None where the blank form was used.

    `browser`: how the copy was signed in the browser, if it was.
    """

    submission: Submission | None
    copy: SignedCopy | None
    issued: IssuedAgreement | None
    browser: BrowserSignature | None


def papers_behind(application: Application) -> Behind:
    """Return the papers behind the access that an application led to: the one place that chooses them."""
    submission = _approved(application)
    copy = submission.signed_copy if submission is not None else _brought_in(application)
    browser = browser_signatures.of(copy)
    issued = browser.issued if browser else (_issued_for(submission) if submission else None)
    return Behind(submission, copy, issued, browser)


def _approved(application: Application) -> Submission | None:
    decided = Decision.objects.filter(application=application, kind=DecisionKind.APPROVE).order_by("-pk").first()
    found = Submission.objects.filter(application=application)
    if decided is not None:
        found = found.filter(pk=decided.submission_id)
    known = found.select_related("signed_copy__document", "application", "terms__dataset")
    return known.order_by("-number").first()


def _brought_in(application: Application) -> SignedCopy | None:
    kept = SignedCopy.objects.filter(application=application, replaced_at=None)
    return kept.select_related("document").order_by("-pk").first()


def _issued_for(submission: Submission) -> IssuedAgreement | None:
    issued = IssuedAgreement.objects.filter(
        application_reference=submission.application.reference, form_sha256=submission.form_sha256
    )
    return issued.select_related("document").order_by("-issue_number").first()
