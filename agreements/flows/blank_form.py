"""The blank agreement form of a terms version."""

from __future__ import annotations

from agreements.catalog.models import Terms
from agreements.core import secrets
from agreements.documents import issuing
from agreements.documents.agreement_form import Clause, render_blank


def blank_form(terms: Terms) -> bytes:
    """Return the PDF; the same bytes for the same terms and key."""
    number = secrets.key_ring().current
    return render_blank(
        dataset_name=terms.dataset.title,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        clauses=tuple(Clause(item["id"], item["heading"], tuple(item["paragraphs"])) for item in terms.clauses),
        issued_on=terms.effective_from,
        contact_addresses=(terms.dataset.contact_address, *terms.dataset.copy_addresses),
        mail_subject=terms.dataset.mail_subject,
        qr_key=issuing.qr_key(number),
        qr_key_number=number,
    )
