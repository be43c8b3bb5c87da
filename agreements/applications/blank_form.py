"""The blank agreement form of a terms version."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import get_language

from agreements.applications.printed_terms import printed_terms
from agreements.catalog.models import Terms
from agreements.core import secrets
from agreements.documents import issuing
from agreements.documents.agreement_form import AgreementForm, render_agreement


def blank_form(terms: Terms) -> bytes:
    """Return the PDF; the same bytes for the same terms, key and language."""
    form = printed_terms(terms, issued_on=terms.effective_from)
    return _drawn(form, secrets.key_ring().current, get_language())


@lru_cache(maxsize=16)
def _drawn(form: AgreementForm, key_number: int, _language: str | None) -> bytes:
    """Anybody may ask for it: it is drawn once for all that stands in it, not for each of them."""
    return render_agreement(form, qr_key=issuing.qr_key(key_number), qr_key_number=key_number)
