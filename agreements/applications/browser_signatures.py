"""Signatures given in the browser: one for the signed copy that it made, kept beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from agreements.applications import signing
from agreements.applications.form import form_of, form_sha256
from agreements.applications.models import Application, BrowserSignature, SignedCopy
from agreements.applications.permissions import Standing
from agreements.applications.transition import subjects
from agreements.core.actors import Actor
from agreements.documents import issuing
from agreements.documents.evidence import Finding, findings, page_set
from agreements.documents.inspection import InspectionReport
from agreements.documents.models import IssuedAgreement, StoredDocument
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind


def receive(
    *, application: Application, document: StoredDocument, signature: BrowserSignature, original_name: str, by: Actor
) -> SignedCopy:
    """Keep a copy that was signed in the browser, with how it was signed; as any copy, it replaces an earlier one.

    `signature` is not saved yet, and has no copy. Raises as `signing.receive` does.
    """
    with act() as record:
        _record(record, application=application, document=document, signature=signature, by=by)
        copy = signing.receive(application=application, document=document, original_name=original_name, by=by)
        signature.signed_copy = copy
        signature.save(force_insert=True)
    return copy


def of(copy: SignedCopy | None) -> BrowserSignature | None:
    """Return how a signed copy was signed in the browser, or None if it came another way."""
    if copy is None:
        return None
    return BrowserSignature.objects.filter(signed_copy=copy).select_related("issued__document").first()


def up_to_date(application: Application) -> IssuedAgreement | None:
    """Return the agreement that can be signed now: the newest, if it is of the present data and can be trusted."""
    return last_if_up_to_date(application, issuing.newest(application.reference))


def last_if_up_to_date(application: Application, last: IssuedAgreement | None) -> IssuedAgreement | None:
    """Do the same where the agreement issued last is known already."""
    if last is None or last.form_sha256 != form_sha256(form_of(application)) or not issuing.is_trusted(last):
        return None
    return last


def clause_ids(application: Application) -> Sequence[str]:
    """Return the ids of the clauses of the terms that an application is made under, in order."""
    return [str(clause["id"]) for clause in application.terms.clauses]


def findings_of(copy: SignedCopy, report: InspectionReport, issued: IssuedAgreement) -> list[Finding]:
    """Return what an inspection says about a signed copy, as `documents.evidence.findings` does for paper.

    A copy that was signed here has a signature page behind the issued ones, and nothing to be read by eye.
    """
    expected, signature = issuing.expected_of(issued), of(copy)
    if signature is None:
        return findings(report, expected)
    instead = {
        "page_set": page_set(_without_signature_page(report, signature), expected),
        "signed": _signed(signature),
    }
    sealed = replace(expected, sha256=copy.document.sha256)
    return [instead.get(each.check) or _sealed(each) for each in findings(report, sealed)]


def page_finding(copy: SignedCopy, report: InspectionReport, issued: IssuedAgreement) -> Finding:
    """Return the finding about the pages alone: the issued ones, where a signature page of ours stands behind them."""
    signature = of(copy)
    ours = report if signature is None else _without_signature_page(report, signature)
    return page_set(ours, issuing.expected_of(issued))


def _signed(signature: BrowserSignature) -> Finding:
    """Return the finding in place of a look at ink: what the portal itself has recorded."""
    details = {
        "name": signature.name,
        "manner": signature.get_manner_display(),
        "signed": signature.moment,
        "confirmed by a code mailed to": signature.email,
        "network address": signature.network_address or "",
        "clauses accepted": len(signature.clauses),
        "agreement": _("issue %(number)d, SHA-256 %(sha256)s")
        % {"number": signature.issued.issue_number, "sha256": signature.issued.document.sha256},
    }
    summary = _("%(sentence)s Confirmed by a code mailed to %(email)s.") % {
        "sentence": signature.in_words,
        "email": signature.email,
    }
    return Finding("signed", "pass", summary, details)


def _sealed(finding: Finding) -> Finding:
    """Return what is said of the file: it was certified here with its signature page, not as it was issued."""
    if finding.check != "unchanged" or finding.outcome != "pass":
        return finding
    return replace(finding, summary=_("The signed copy is as this portal made and certified it, with nothing added."))


def _without_signature_page(report: InspectionReport, signature: BrowserSignature) -> InspectionReport:
    return replace(report, pages=tuple(report.pages)[: signature.issued.page_count])


def _record(
    record: Act, *, application: Application, document: StoredDocument, signature: BrowserSignature, by: Actor
) -> None:
    """Record the signature; before the copy that it made, as it happened."""
    record.record(
        Kind.AGREEMENT_SIGNED,
        by=by,
        as_role=Standing.APPLICANT,
        subjects=subjects(application),
        issue=signature.issued.issue_number,
        issued_sha256=signature.issued.document.sha256,
        sha256=document.sha256,
        manner=signature.manner,
    )
