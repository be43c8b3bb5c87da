"""What the certificates say, put together from the grant, its application and the procedure that ended it."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.applications.models import Application, Decision, DecisionKind, SignedCopy, Submission
from agreements.documents.certificate_data import Attestation, CitedAgreement, CitedPaper, Copy, EndedAccess
from agreements.documents.form_data import Clause
from agreements.documents.models import IssuedAgreement
from agreements.grants import places
from agreements.grants.models import Grant
from agreements.revocation import queries
from agreements.revocation.models import AffectedGrant, Destruction, ProcedureAct


def ended_access(affected: AffectedGrant) -> EndedAccess:
    """Return what a certificate says of an end; texts are in the active language."""
    procedure, grant = affected.procedure, affected.grant
    return EndedAccess(
        dataset_name=grant.dataset.title,
        lab=grant.dataset.organization,
        procedure_reference=procedure.reference,
        grant_reference=grant.reference,
        application_reference=grant.application.reference,
        extent=extent(affected),
        holder=grant.holder_name,
        organization=grant.organization,
        site=places.site_words(grant.site, organization=False),
        clause=clause_of(affected),
        ended_at=procedure.begun_at.astimezone(dt.UTC),
        by=_by(affected),
        destroy_by=procedure.destroy_by,
        agreement=cited_agreement(grant),
    )


def attestation(
    destruction: Destruction, *, name: str, known_as: str, remark: str, statement: str, at: dt.datetime
) -> Attestation:
    """Return what a certificate says of an attestation that is about to be made; texts are in the active language."""
    return Attestation(
        name=name,
        known_as=known_as,
        email=destruction.person.email,
        standing=_("holder of the access") if queries.is_holders(destruction) else _("member under the access"),
        attested_at=at.astimezone(dt.UTC),
        due_on=destruction.due_on,
        statement=statement,
        remark=remark,
        copies=tuple(
            Copy(held.name, held.version, held.subset, held.first_at.date(), held.last_at.date())
            for held in queries.held(destruction)
        ),
    )


def extent(affected: AffectedGrant) -> str:
    """Return in words how much of a grant an end took."""
    if affected.member is not None:
        return _("the part of %(member)s in it") % {"member": affected.member.display_name}
    if affected.subset is not None:
        return _("the subset %(subset)s of it") % {"subset": affected.subset.title}
    return _("the whole access")


def clause_of(affected: AffectedGrant) -> tuple[int, Clause] | None:
    """Return the clause that an end cites, from the grant's own terms, with its number; None if it cites none."""
    for number, item in enumerate(affected.grant.terms.clauses, start=1):
        if item["id"] == affected.procedure.clause_id:
            return number, Clause(item["id"], item["heading"], tuple(item["paragraphs"]))
    return None


def cited_agreement(grant: Grant) -> CitedAgreement:
    """Return by which papers the agreement behind a grant is proven: the one place that chooses them."""
    papers = []
    submission = _approved(grant.application)
    if (copy := _signed_copy(grant.application, submission)) is not None:
        name = _("signed copy that was approved") if submission else _("signed agreement that was brought in")
        papers.append(CitedPaper(name, copy.document.sha256))
    if submission is not None and (issued := _issued_for(submission)) is not None:
        name = _("agreement as it was issued, issue %(number)d") % {"number": issued.issue_number}
        papers.append(CitedPaper(name, issued.document.sha256))
    return CitedAgreement(grant.terms.version, grant.terms.sha256, tuple(papers))


def _approved(application: Application) -> Submission | None:
    decided = Decision.objects.filter(application=application, kind=DecisionKind.APPROVE).order_by("-pk").first()
    found = Submission.objects.filter(application=application)
    if decided is not None:
        found = found.filter(pk=decided.submission_id)
    return found.select_related("signed_copy__document", "application").order_by("-number").first()


def _signed_copy(application: Application, submission: Submission | None) -> SignedCopy | None:
    if submission is not None:
        return submission.signed_copy
    kept = SignedCopy.objects.filter(application=application, replaced_at=None)
    return kept.select_related("document").order_by("-pk").first()


def _issued_for(submission: Submission) -> IssuedAgreement | None:
    issued = IssuedAgreement.objects.filter(
        application_reference=submission.application.reference, form_sha256=submission.form_sha256
    )
    return issued.select_related("document").order_by("-issue_number").first()


def _by(affected: AffectedGrant) -> str:
    if affected.procedure.act == ProcedureAct.MOVE:
        return _("the holder, who moved to another institution")
    if affected.procedure.act == ProcedureAct.CLOSE:
        return _("the holder, who no longer uses the data")
    names = {"dataset": affected.grant.dataset.title, "lab": affected.grant.dataset.organization}
    return _("a steward of %(dataset)s, on behalf of %(lab)s") % names
