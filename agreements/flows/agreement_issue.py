"""Making the agreement for an application from what its applicant wrote."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.applications.drafting import lock_editable
from agreements.applications.form import REQUIRED, form_of, form_sha256
from agreements.applications.models import Application
from agreements.applications.permissions import Standing
from agreements.applications.printed_terms import printed_terms
from agreements.applications.transition import subjects
from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.countries import country_name
from agreements.core.errors import Invalid, MovedOn
from agreements.documents import issuing
from agreements.documents.agreement_form import (
    AgreementForm,
    Applicant,
    Member,
    Site,
    drawn_agreement,
)
from agreements.documents.models import IssuedAgreement
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def issue_agreement(*, application: Application, by: Actor) -> IssuedAgreement:
    """Return the agreement for the application's present data, made now if there is none yet.

    Raises Invalid while fields are empty, NotPossible when the application can no longer be changed, MovedOn if it was
    changed while its agreement was drawn.
    """
    with act():
        snapshot = lock_editable(application, by=by)
        if any(not getattr(snapshot, field) for field in REQUIRED):
            raise Invalid(_("Fill in your details first: they are printed in the agreement."))
        digest = form_sha256(form_of(snapshot))
        if (last := _issued_for(snapshot, digest)) is not None:
            return last
    # Drawn outside of any transaction, and issued only if nothing changed meanwhile.
    drawn = issuing.draw(
        application_reference=snapshot.reference,
        render=lambda number, key, key_number: drawn_agreement(
            _filled_in(snapshot, issue=number), qr_key=key, qr_key_number=key_number
        ),
    )
    with act() as record:
        locked = lock_editable(application, by=by)
        if (last := _issued_for(locked, digest)) is not None:
            return last  # a double click: the other request was first
        if form_sha256(form_of(locked)) != digest or drawn.number != issuing.next_issue_number(locked.reference):
            raise MovedOn(_("Your details were changed while the agreement was made. Make it again."))
        issued = issuing.register(drawn, terms_pk=locked.terms_id, form_sha256=digest)
        record.record(
            Kind.AGREEMENT_ISSUED,
            by=by,
            as_role=Standing.APPLICANT,
            subjects=subjects(locked),
            issue=issued.issue_number,
            sha256=issued.document.sha256,
            terms=locked.terms.version,
        )
    return issued


def _issued_for(application: Application, digest: str) -> IssuedAgreement | None:
    """Return the newest issue if it was made from this very data, and its codes still prove something."""
    last = issuing.newest(application.reference)
    return last if last is not None and last.form_sha256 == digest and issuing.is_trusted(last) else None


def _filled_in(application: Application, *, issue: int) -> AgreementForm:
    form = form_of(application)
    return replace(
        printed_terms(application.terms, issued_on=today()),
        return_address=f"{settings.SITE_URL}/applications/{application.reference}/signed-copy/",
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
