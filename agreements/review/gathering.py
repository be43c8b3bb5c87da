"""Putting the evidence on a submission together, outside any transaction, and freezing it in one."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from agreements.applications import browser_signatures, evidence
from agreements.applications.models import EvidenceRun, Submission
from agreements.core import sweep
from agreements.core.domains import domain_of
from agreements.core.erased import is_erased
from agreements.documents import inspecting
from agreements.documents.models import Inspection, InspectionState, IssuedAgreement
from agreements.identity import lists, mail_hosts, registry
from agreements.identity.evidence import assess
from agreements.identity.naming import naming_of
from agreements.identity.rules import Rule, rules_for
from agreements.review.address_proof import proof_finding
from agreements.review.history import history_findings
from agreements.review.place_history import place_findings
from agreements.review.resubmission import resubmission_findings

WAIT_FOR_INSPECTION: Final = 5


def work_off() -> int:
    """Gather for the runs that are due, for two minutes at most; return how many were finished."""
    return sum(gather(run) for run in sweep.taken(evidence.claim_due))


def gather(run: EvidenceRun) -> bool:
    """Gather and freeze a claimed run; False if it has to wait, or to look again."""
    # Gathering is work for the record, not for one reader: it is written in the site's language.
    with override(settings.LANGUAGE_CODE):
        if run.attempts > evidence.ATTEMPTS:
            reason = _("Gathering stopped %(times)d times without a result. Run it again.")
            evidence.give_up(run=run, reason=reason % {"times": evidence.ATTEMPTS})
            return True
        submission = run.submission
        inspection = inspecting.ask(document=submission.signed_copy.document)
        if inspection.state == InspectionState.PENDING:
            if not inspecting.claim(inspection):
                evidence.put_off(run=run, seconds=WAIT_FOR_INSPECTION)
                return False
            inspecting.settle(inspection)
            inspection.refresh_from_db()
        rules = rules_for(dataset := submission.application.dataset)
        findings, sources = _look(submission, inspection, rules)
        # A rule made or ended meanwhile: looked at once more, since nobody would ask for this run again.
        return evidence.complete(run=run, findings=findings, sources=sources, still=lambda: rules_for(dataset) == rules)


def _look(
    submission: Submission, inspection: Inspection, rules: tuple[Rule, ...]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    application = submission.application
    tables, known = lists.refresh(), registry.load()
    organization = submission.form["organization"]
    address = assess(
        application.email,
        organization=organization,
        rules=rules,
        registry=known,
        tables=tables,
        naming=naming_of(organization, domain=domain_of(application.email), registry=known),
    )
    found = [*map(dict, address.findings), *_mail_findings(application.email), proof_finding(application)]
    found += [*_paper_findings(submission, inspection), *resubmission_findings(submission)]
    found += [*history_findings(application), *place_findings(application, form=submission.form, registry=known)]
    return found, {**address.sources, "pikepdf": version("pikepdf"), "pypdfium2": version("pypdfium2")}


def _mail_findings(email: str) -> list[dict[str, Any]]:
    """Name servers are asked here, outside any transaction: the answer may take seconds."""
    if is_erased(email):
        return []
    return [dict(mail_hosts.look_up(domain_of(email)))]


def _paper_findings(submission: Submission, inspection: Inspection) -> list[dict[str, Any]]:
    # Not the newest one: while a returned application is changed, a new agreement may be issued already.
    agreements = IssuedAgreement.objects.filter(application_reference=submission.application.reference)
    issued = agreements.filter(form_sha256=submission.form_sha256).order_by("-issue_number").first()
    assert issued is not None, "nothing is submitted without an agreement for just this form"
    return [
        {"check": item.check, "outcome": item.outcome, "summary": item.summary, "details": dict(item.details)}
        for item in browser_signatures.findings_of(submission.signed_copy, inspecting.report_of(inspection), issued)
    ]
