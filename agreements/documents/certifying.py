"""Certifying what this portal makes: from then on a reader can tell whether a PDF is ours, and what came after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.core.actors import Actor, job
from agreements.core.clock import now
from agreements.core.errors import Invalid
from agreements.documents.places import Place
from agreements.keys import signing_keys
from agreements.keys.models import SigningCertificate
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

Permits = Literal["nothing", "form-filling"]
"""What may be added later with the certification intact. Signing is part of filling in a form."""

SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Certified:
    """A certified PDF: the bytes that were given, with our certification behind them, and whose it is."""

    pdf: bytes
    certificate: SigningCertificate


def certify(pdf: bytes, *, permits: Permits, signature: Place | None = None, reason: str = "") -> Certified:
    """Return a PDF of ours with this installation's certification (DocMDP, ISO 32000-2, 12.8.2.2).

    `signature` adds an empty signature field there, for somebody to sign in. Timestamped where a timestamp server is
    configured and answers. Not for a transaction. Raises NoSigningKey, in words that a person can read.
    """
    key = signing_keys.current()
    signing_keys.check(key)
    certificate = _noted(key)
    # pyHanko takes half a second to load, and most processes never sign anything.
    from agreements.documents import pdf_signing

    signed = pdf_signing.sign(
        pdf,
        key=key,
        permits=permits,
        signature=signature,
        reason=reason,
        moment=now(),
        timestamp_url=settings.TIMESTAMP_URL,
    )
    return Certified(signed, certificate)


def check_ready() -> None:
    """Raise NoSigningKey if nothing can be certified now: before somebody's work, not after it."""
    signing_keys.check(signing_keys.current())


def is_ready() -> bool:
    """Return whether something could be certified now."""
    try:
        check_ready()
    except signing_keys.NoSigningKey:
        return False
    return True


def find(fingerprint: str) -> SigningCertificate:
    """Return the certificate of a fingerprint: SHA-256 in hex, or eight digits and more of its beginning.

    Raises Invalid for one that is not exactly one of those that signed something here.
    """
    wanted = fingerprint.replace(":", "").strip().lower()
    found = list(SigningCertificate.objects.filter(fingerprint__startswith=wanted)) if len(wanted) >= 8 else []
    if len(found) != 1:
        raise Invalid(
            _("No certificate that signed anything here has the fingerprint %(fingerprint)s.")
            % {"fingerprint": fingerprint}
        )
    return found[0]


def mark_compromised(fingerprint: str, *, by: Actor) -> SigningCertificate:
    """Trust no signature of a certificate any longer, and return its row. Doing it again changes nothing.

    Raises Invalid for a fingerprint that `find` does not know.
    """
    certificate = find(fingerprint)
    with act() as record:
        if signing_keys.mark_compromised(certificate.fingerprint):
            record.record(
                Kind.SIGNING_KEY_COMPROMISED, by=by, as_role=SYSTEM, subjects={}, fingerprint=certificate.fingerprint
            )
    certificate.refresh_from_db()
    return certificate


def _noted(key: signing_keys.SigningKey) -> SigningCertificate:
    """Return the row of a key's certificate; its first use is an act of its own."""
    if (known := signing_keys.known(key)) is not None:
        return known
    with act() as record:
        row, first = signing_keys.note(key)
        if first:
            record.record(
                Kind.SIGNING_KEY_ADDED,
                by=job("signing"),
                as_role=SYSTEM,
                subjects={},
                fingerprint=row.fingerprint,
                until=row.valid_until.isoformat(),
            )
    return row
