"""Making the agreement PDF of an application, once for each state of its data."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdfium2
from django.db.models import Max

from agreements.core import secrets
from agreements.documents import store
from agreements.documents.models import IssuedAgreement


def newest(application_reference: str) -> IssuedAgreement | None:
    """Return the agreement issued last for an application."""
    issued = IssuedAgreement.objects.filter(application_reference=application_reference)
    return issued.select_related("document").order_by("-issue_number").first()


def next_issue_number(application_reference: str) -> int:
    """Return the number that the next issue will have, from 1."""
    issued = IssuedAgreement.objects.filter(application_reference=application_reference)
    return (issued.aggregate(last=Max("issue_number"))["last"] or 0) + 1


def issue(
    *,
    application_reference: str,
    terms_pk: int,
    form_sha256: str,
    render: Callable[[int, bytes, int], bytes],
) -> IssuedAgreement:
    """Render, store and register the next issue. `render(issue number, QR key, key number)` returns the PDF."""
    ring = secrets.key_ring()
    number = next_issue_number(application_reference)
    pdf = render(number, qr_key(ring.current), ring.current)
    return IssuedAgreement.objects.create(
        document=store.save(pdf),
        application_reference=application_reference,
        terms_id=terms_pk,
        issue_number=number,
        page_count=len(pypdfium2.PdfDocument(io.BytesIO(pdf))),
        form_sha256=form_sha256,
        key_number=ring.current,
    )


def qr_key(number: int) -> bytes:
    """Return the key of the codes printed under a master key (32 bytes)."""
    return secrets.key_ring().derive(secrets.QR, number=number, length=32)


def qr_keys() -> dict[int, bytes]:
    """Return the keys of all codes that may be on paper out there."""
    return {number: qr_key(number) for number in secrets.key_ring().numbers}
