"""Making the agreement PDF of an application, once for each state of its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Max

from agreements.core import secrets
from agreements.documents import agreement_form, certifying, places, store
from agreements.documents.models import IssuedAgreement, StoredDocument
from agreements.documents.page_set import Expected
from agreements.documents.places import Place
from agreements.keys import master_keys
from agreements.keys.models import SigningCertificate

# A signer's program fills the field with what the signature looks like: under the box's label, not over it.
_LABEL: Final = 16.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """An agreement that was made and stored, and is not issued yet."""

    application_reference: str
    number: int
    document: StoredDocument
    page_count: int
    key_number: int
    places: dict[str, Place]
    certificate: SigningCertificate


def newest(application_reference: str) -> IssuedAgreement | None:
    """Return the agreement issued last for an application."""
    issued = IssuedAgreement.objects.filter(application_reference=application_reference)
    return issued.select_related("document", "certified_with").order_by("-issue_number").first()


def newest_document(application_reference: str) -> StoredDocument | None:
    """Return the file of the agreement issued last for an application."""
    issued = newest(application_reference)
    return None if issued is None else issued.document


def is_issued(sha256: str) -> bool:
    """Return whether a file is, byte for byte, an agreement as it was issued: nobody can have signed it."""
    return IssuedAgreement.objects.filter(document__sha256=sha256).exists()


def next_issue_number(application_reference: str) -> int:
    """Return the number that the next issue will have, from 1."""
    issued = IssuedAgreement.objects.filter(application_reference=application_reference)
    return (issued.aggregate(last=Max("issue_number"))["last"] or 0) + 1


def draw(*, application_reference: str, render: Callable[[int, bytes, int], agreement_form.Drawn]) -> Drawn:
    """Render, certify and store what would be the next issue. `render(issue number, QR key, key number)` draws it.

    Filling in and signing leave the certification intact. Not for a transaction: drawing and storing take a tenth of a
    second and more. Raises NoSigningKey, in words for the applicant.
    """
    certifying.check_ready()
    ring = secrets.key_ring()
    number = next_issue_number(application_reference)
    drawn = render(number, qr_key(ring.current), ring.current)
    box = drawn.places[places.SIGNATURE]
    field = replace(box, height=box.height - _LABEL)
    certified = certifying.certify(drawn.pdf, permits="form-filling", signature=field)
    return Drawn(
        application_reference=application_reference,
        number=number,
        document=store.save(certified.pdf),
        # Certifying writes a page anew, so pages are counted before.
        page_count=agreement_form.page_count(drawn.pdf),
        key_number=ring.current,
        places=drawn.places,
        certificate=certified.certificate,
    )


def register(drawn: Drawn, *, terms_pk: int, form_sha256: str) -> IssuedAgreement:
    """Issue what was drawn, in the caller's transaction; one of two drawn at once meets the number's constraint."""
    return IssuedAgreement.objects.create(
        document=drawn.document,
        application_reference=drawn.application_reference,
        terms_id=terms_pk,
        issue_number=drawn.number,
        page_count=drawn.page_count,
        form_sha256=form_sha256,
        key_number=drawn.key_number,
        places=places.as_json(drawn.places),
        certified_with=drawn.certificate,
    )


def qr_key(number: int) -> bytes:
    """Return the key of the codes printed under a master key (32 bytes)."""
    return secrets.key_ring().derive(secrets.QR, number=number, length=32)


def expected_of(issued: IssuedAgreement) -> Expected:
    """Return what the pages of a signed copy of this issue say."""
    return Expected(
        application=issued.application_reference,
        terms_version=issued.terms.version,
        issue=issued.issue_number,
        pages=issued.page_count,
        keys=qr_keys(),
        sha256=issued.document.sha256,
    )


def qr_keys() -> dict[int, bytes]:
    """Return the keys of all codes that may be on paper out there, but for compromised ones: others can print those."""
    trusted = set(secrets.key_ring().numbers) - master_keys.compromised()
    return {number: qr_key(number) for number in trusted}


def is_trusted(issued: IssuedAgreement) -> bool:
    """Return whether the codes and the certification of an issue still prove something."""
    if issued.certified_with is not None and issued.certified_with.compromised_at is not None:
        return False
    return issued.key_number not in master_keys.compromised()
