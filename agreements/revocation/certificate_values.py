"""What the certificates say, put together from the grant, its application and the procedure that ended it."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.catalog.models import Terms
from agreements.documents.certificate_data import Attestation, CitedAgreement, CitedPaper, Copy, EndedAccess
from agreements.documents.form_data import Clause
from agreements.grants import executed, places
from agreements.grants.executed.behind import papers_behind
from agreements.grants.models import Grant
from agreements.grants.terms_change.past import terms_at
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
        agreement=cited_agreement(grant, terms_of(affected)),
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
    """Return the clause that an end cites, from the terms that the grant then had, with its number; None if none."""
    for number, item in enumerate(terms_of(affected).clauses, start=1):
        if item["id"] == affected.procedure.clause_id:
            return number, Clause(item["id"], item["heading"], tuple(item["paragraphs"]))
    return None


def terms_of(affected: AffectedGrant) -> Terms:
    """Return the terms of the grant when it was reached: of what goes on in part the holder may agree to later ones."""
    return terms_at(affected.grant, affected.procedure.begun_at)


def cited_agreement(grant: Grant, terms: Terms | None = None) -> CitedAgreement:
    """Return by which papers the agreement behind a grant is proven, what both sides executed first.

    Its terms are those that the grant has now, if none are named.
    """
    terms = terms or grant.terms
    papers = []
    behind = papers_behind(grant.application)
    made = executed.of(grant)
    if made is not None and made.document is not None:
        papers.append(CitedPaper(_("executed agreement"), made.document.sha256))
    if behind.copy is not None:
        name = _("signed copy that was approved") if behind.submission else _("signed agreement that was brought in")
        papers.append(CitedPaper(name, behind.copy.document.sha256))
    if behind.issued is not None:
        name = _("agreement as it was issued, issue %(number)d") % {"number": behind.issued.issue_number}
        papers.append(CitedPaper(name, behind.issued.document.sha256))
    return CitedAgreement(terms.version, terms.sha256, tuple(papers))


def _by(affected: AffectedGrant) -> str:
    if affected.procedure.act == ProcedureAct.MOVE:
        return _("the holder, who moved to another institution")
    if affected.procedure.act == ProcedureAct.CLOSE:
        return _("the holder, who no longer uses the data")
    names = {"dataset": affected.grant.dataset.title, "lab": affected.grant.dataset.organization}
    return _("a steward of %(dataset)s, on behalf of %(lab)s") % names
