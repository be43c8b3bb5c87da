"""The papers that follow an end of access: the certificate of the end, and that of the destruction of copies.

A certificate states what the portal's record holds, and nothing more. It is made once and stored; the ledger has its
SHA-256. Characters that no font has are written out as codes: when one is made, nobody is there to be asked.
"""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.documents import fonts
from agreements.documents.certificate_data import (
    Attestation,
    CitedAgreement,
    CitedPaper,
    Copy,
    EndedAccess,
)
from agreements.documents.certificate_story import destruction_story, end_story
from agreements.documents.page_furniture import Furniture, build, verifiable

__all__ = [
    "Attestation",
    "CitedAgreement",
    "CitedPaper",
    "Copy",
    "EndedAccess",
    "render_destruction",
    "render_end",
]


def render_end(ended: EndedAccess) -> bytes:
    """Return the certificate of an end of access as a PDF. The same values give the same bytes."""
    title = _("Certificate of Revocation")
    return build(end_story(ended, title), _furniture(ended, title), title=f"{title}: {ended.procedure_reference}")


def render_destruction(ended: EndedAccess, attestation: Attestation) -> bytes:
    """Return the certificate of an attested destruction as a PDF. The same values give the same bytes."""
    title = _("Certificate of Destruction")
    story = destruction_story(ended, attestation, title)
    return build(story, _furniture(ended, title), title=f"{title}: {ended.procedure_reference}")


def _furniture(ended: EndedAccess, title: str) -> Furniture:
    names = {
        "procedure": ended.procedure_reference,
        "access": ended.grant_reference,
        "date": date_format(ended.ended_at, "j F Y"),
    }
    return Furniture(
        dataset_name=fonts.printable(ended.dataset_name),
        kind=title,
        identity=_("Procedure %(procedure)s of %(date)s · access %(access)s") % names,
        fingerprint=verifiable(),
    )
