"""The part of an agreement that is the same for everybody: a dataset's terms and where the form goes."""

from __future__ import annotations

from datetime import date

from agreements.catalog.models import Terms
from agreements.documents.agreement_form import AgreementForm, Clause


def printed_terms(terms: Terms, *, issued_on: date) -> AgreementForm:
    """Return the form without an applicant; `dataclasses.replace` fills one in."""
    dataset = terms.dataset
    return AgreementForm(
        dataset_name=dataset.title,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        clauses=tuple(Clause(item["id"], item["heading"], tuple(item["paragraphs"])) for item in terms.clauses),
        issued_on=issued_on,
        contact_addresses=(dataset.contact_address, *dataset.copy_addresses),
        mail_subject=dataset.mail_subject,
        most_members=dataset.max_members,
    )
