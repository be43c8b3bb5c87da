"""What is held about an application as plain values, for the file of it that a person downloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agreements.applications import browser_signatures, remarks
from agreements.applications.form import form_of
from agreements.applications.models import (
    Application,
    Decision,
    DecisionKind,
    EvidenceRun,
    SignedCopy,
    Submission,
)
from agreements.documents.models import IssuedAgreement

Row = Mapping[str, Any]

_ABOUT_OTHERS: Final = "history"
"""Checks whose name begins so look at other people's cases as well."""


def application(found: Application) -> Row:
    """Return one application: what was written, handed in, found and answered."""
    submissions = Submission.objects.filter(application=found)
    copies = SignedCopy.objects.filter(application=found).select_related("document").order_by("pk")
    issued = IssuedAgreement.objects.filter(application_reference=found.reference).select_related("document")
    # An approval's reason is a note of the reviewers; the others were written to the applicant.
    told = Decision.objects.filter(application=found).exclude(kind=DecisionKind.APPROVE)
    return {
        "reference": found.reference,
        "dataset": found.dataset.slug,
        "state": found.state,
        "started": found.created_at,
        "submitted": found.submitted_at,
        "decided": found.decided_at,
        "erased": found.erased_at,
        "form": form_of(found),
        "submissions": [
            {
                "number": each.number,
                "at": each.submitted_at,
                "form": each.form,
                "form_sha256": each.form_sha256,
                "evidence": _evidence(each),
            }
            for each in submissions
        ],
        "agreements": [
            {"issue": each.issue_number, "at": each.issued_at, "sha256": each.document.sha256} for each in issued
        ],
        "signed_copies": [
            {
                "name": each.original_name,
                "at": each.received_at,
                "sha256": each.document.sha256,
                "signed_in_the_browser": _signature(each),
            }
            for each in copies
        ],
        "answers": [{"kind": each.kind, "at": each.decided_at, "reason": each.reason} for each in told],
        "remarks": [{"at": each.written_at, "text": each.text} for each in remarks.visible_to_applicant(found)],
    }


def _evidence(submission: Submission) -> list[Row]:
    run = EvidenceRun.objects.filter(submission=submission).order_by("-number").first()
    return [
        {"check": each["check"], "outcome": each["outcome"], "summary": each["summary"]}
        for each in (run.findings if run else [])
        if not str(each["check"]).startswith(_ABOUT_OTHERS)
    ]


def _signature(copy: SignedCopy) -> Row | None:
    """Return how a copy was signed in the browser, or None if it came another way."""
    signed = browser_signatures.of(copy)
    if signed is None:
        return None
    return {
        "name": signed.name,
        "manner": signed.manner,
        "strokes": signed.strokes,
        "clauses": signed.clauses,
        "issue": signed.issued.issue_number,
        "confirmed_by_code_to": signed.email,
        "network_address": signed.network_address,
        "at": signed.signed_at,
    }
