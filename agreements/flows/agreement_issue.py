"""Making the agreement for an application from what its applicant wrote."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.applications.drafting import lock_editable
from agreements.applications.form import REQUIRED, form_of, form_sha256
from agreements.applications.models import Application
from agreements.applications.transition import subjects
from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.countries import country_name
from agreements.core.errors import Invalid
from agreements.documents import issuing
from agreements.documents.agreement_form import (
    AgreementForm,
    Applicant,
    Clause,
    Member,
    Site,
    render_agreement,
)
from agreements.documents.models import IssuedAgreement
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def issue_agreement(*, application: Application, by: Actor) -> IssuedAgreement:
    """Return the agreement for the application's present data, made now if there is none yet.

    Raises Invalid while fields are empty, NotPossible when the application can no longer be changed.
    """
    with act() as record:
        locked = lock_editable(application, by=by)
        if any(not getattr(locked, field) for field in REQUIRED):
            raise Invalid(_("Fill in your details first: they are printed in the agreement."))
        digest = form_sha256(form_of(locked))
        last = issuing.newest(locked.reference)
        if last is not None and last.form_sha256 == digest:
            return last
        issued = issuing.issue(
            application_reference=locked.reference,
            terms_pk=locked.terms_id,
            form_sha256=digest,
            render=lambda number, key, key_number: render_agreement(
                _filled_in(locked, issue=number), qr_key=key, qr_key_number=key_number
            ),
        )
        record.record(
            Kind.AGREEMENT_ISSUED,
            by=by,
            subjects=subjects(locked),
            issue=issued.issue_number,
            sha256=issued.document.sha256,
            terms=locked.terms.version,
        )
    return issued


def _filled_in(application: Application, *, issue: int) -> AgreementForm:
    form, dataset, terms = form_of(application), application.dataset, application.terms
    return AgreementForm(
        dataset_name=dataset.title,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        clauses=tuple(Clause(c["id"], c["heading"], tuple(c["paragraphs"])) for c in terms.clauses),
        issued_on=today(),
        contact_addresses=(dataset.contact_address, *dataset.copy_addresses),
        mail_subject=dataset.mail_subject,
        applicant=Applicant(
            name=form["name"],
            organization=form["organization"],
            position=form["position"],
            email=form["email"],
            address_line1=form["address_line1"],
            address_line2=form["address_line2"],
            city=form["city"],
            country=country_name(form["country"]),
        ),
        site=Site(
            organization=form["organization"],
            department=form["site_department"],
            city=form["site_city"],
            country=country_name(form["site_country"]),
        ),
        members=tuple(Member(member["name"], member["email"]) for member in form["members"]),
        intended_use=form["intended_use"],
        application_reference=application.reference,
        issue=issue,
    )
