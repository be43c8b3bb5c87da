"""The release agreement as a PDF: filled in for one applicant, or blank for people who apply by mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.documents import qr
from agreements.documents.form_data import AgreementForm, Applicant, Clause, Member, Site
from agreements.documents.form_story import story
from agreements.documents.page_furniture import Furniture, build_with_places
from agreements.documents.places import Place

__all__ = [
    "AgreementForm",
    "Applicant",
    "Clause",
    "Drawn",
    "Member",
    "Site",
    "drawn_agreement",
    "page_count",
    "printed_texts",
    "render_agreement",
    "render_blank",
]


@dataclass(frozen=True, slots=True)
class Drawn:
    """An agreement as a PDF, and where its boxes are: to sign (`places.SIGNATURE`) and, by their fields, to fill in."""

    pdf: bytes
    places: dict[str, Place]


def render_agreement(form: AgreementForm, *, qr_key: bytes, qr_key_number: int) -> bytes:
    """Return the PDF alone (see `drawn_agreement`)."""
    return drawn_agreement(form, qr_key=qr_key, qr_key_number=qr_key_number).pdf


def drawn_agreement(form: AgreementForm, *, qr_key: bytes, qr_key_number: int) -> Drawn:
    """Return the PDF with its places. The same form, key and language give the same bytes.

    One for an applicant is to be certified; the blank form is not, since programs that fill in forms often write a
    file anew. Raises ValueError for a reference or a terms version that a page code cannot carry. Characters that no
    font has are the caller's to refuse beforehand (`fonts.unprintable`).
    """

    def code(page: int, pages: int) -> str:
        stands = qr.PageCode(form.application_reference, form.terms_version, form.issue, page, pages, qr_key_number)
        return qr.payload(stands, qr_key)

    is_blank = form.applicant is None
    furniture = _furniture(form, code=code)
    return Drawn(*build_with_places(story(form), furniture, title=_title(form), certified_later=not is_blank))


def render_blank(
    *,
    dataset_name: str,
    terms_version: str,
    terms_sha256: str,
    clauses: tuple[Clause, ...],
    issued_on: date,
    contact_addresses: tuple[str, ...],
    mail_subject: str,
    qr_key: bytes,
    qr_key_number: int,
) -> bytes:
    """Return the form with lines to write on instead of an applicant's data, for people who apply by mail."""
    form = AgreementForm(
        dataset_name=dataset_name,
        terms_version=terms_version,
        terms_sha256=terms_sha256,
        clauses=clauses,
        issued_on=issued_on,
        contact_addresses=contact_addresses,
        mail_subject=mail_subject,
    )
    return render_agreement(form, qr_key=qr_key, qr_key_number=qr_key_number)


def page_count(issued: bytes) -> int:
    """Return the number of pages of a PDF that this module made. Not for anybody else's files."""
    return len(re.findall(rb"/Type /Page\b", issued))


def printed_texts(form: AgreementForm) -> dict[str, str]:
    """Return what people typed and what will be printed, by field; give it to `fonts.unprintable` before issuing."""
    texts = {"intended_use": form.intended_use}
    for prefix, part in (("applicant", form.applicant), ("site", form.site)):
        if part is not None:
            texts |= {f"{prefix}.{name}": str(getattr(part, name)) for name in part.__dataclass_fields__}
    for number, member in enumerate(form.members):
        texts |= {f"members.{number}.name": member.name, f"members.{number}.email": member.email}
    return {name: text for name, text in texts.items() if text}


def _title(form: AgreementForm) -> str:
    return _("Release Agreement: %(dataset)s, terms %(version)s") % {
        "dataset": form.dataset_name,
        "version": form.terms_version,
    }


def _furniture(form: AgreementForm, *, code: Callable[[int, int], str]) -> Furniture:
    day = date_format(form.issued_on, "j F Y")
    if form.applicant is None:
        identity = _("Blank form · %(date)s") % {"date": day}
    else:
        identity = _("Application %(reference)s · issue %(issue)d · %(date)s") % {
            "reference": form.application_reference,
            "issue": form.issue,
            "date": day,
        }
    return Furniture(
        dataset_name=form.dataset_name,
        kind=_("Release agreement · terms version %(version)s") % {"version": form.terms_version},
        identity=identity,
        fingerprint=_("SHA-256 of the terms: %(digest)s") % {"digest": form.terms_sha256},
        code=code,
    )
