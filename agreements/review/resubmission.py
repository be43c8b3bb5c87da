"""What an applicant changed between two submissions, so that nobody reviews the same papers twice unawares."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from agreements.applications.models import Submission


def resubmission_findings(submission: Submission) -> list[dict[str, Any]]:
    """Return a finding that compares a submission with the one before; nothing for the first."""
    earlier = Submission.objects.filter(application=submission.application, number__lt=submission.number)
    before = earlier.select_related("signed_copy__document").order_by("-number").first()
    if before is None:
        return []
    fields = sorted(key for key in submission.form if submission.form[key] != before.form.get(key))
    same_copy = submission.signed_copy.document.sha256 == before.signed_copy.document.sha256
    return [
        {
            "check": "resubmission",
            "outcome": "pass" if fields or not same_copy else "attention",
            "summary": _summary(fields, same_copy) % {"number": before.number},
            "details": {"changed_in_the_form": fields, "signed_copy": _("the same") if same_copy else _("another")},
        }
    ]


def _summary(fields: list[str], same_copy: bool) -> str:
    if fields and not same_copy:
        return _("The form and the signed copy changed since submission %(number)d.")
    if fields:
        return _("The form changed since submission %(number)d; the signed copy is the same.")
    if not same_copy:
        return _("The signed copy changed since submission %(number)d; the form is the same.")
    return _("Nothing changed: the form and the signed copy are those of submission %(number)d.")
