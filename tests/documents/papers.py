"""Agreements as Alice gets them, and what comes back: the same pages, printed and scanned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO

import pypdfium2
from PIL import Image, ImageDraw

from agreements.documents.agreement_form import (
    AgreementForm,
    Applicant,
    Clause,
    Member,
    Site,
    page_count,
    render_agreement,
)
from agreements.documents.page_set import Expected

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
KEYS = {1: KEY}

CLAUSES = tuple(
    Clause(name, name.replace("-", " ").capitalize(), (" ".join(["You keep to this clause in all its parts."] * 12),))
    for name in ("research-only", "no-redistribution", "single-site", "privacy", "security", "citation", "termination")
)

FORM = AgreementForm(
    dataset_name="GeneBody",
    terms_version="1.0",
    terms_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    clauses=CLAUSES,
    issued_on=date(2026, 11, 22),
    contact_addresses=("release@genebody.example",),
    mail_subject="GeneBody Agreement",
    applicant=Applicant(
        name="Alice Łukaszewska",
        organization="University of Warsaw",
        position="Associate Professor",
        email="alice@uw.example",
        address_line1="ul. Krakowskie Przedmieście 26/28",
        address_line2="",
        city="Warszawa",
        country="Poland",
    ),
    site=Site("University of Warsaw", "Institute of Informatics", "Warszawa", "Poland"),
    members=(Member("Bob Đặng", "bob@uw.example"),),
    intended_use="We study how clothed people can be reconstructed from few views.",
    application_reference="GB-A-7K2F9M",
    issue=2,
)


def issue(form: AgreementForm = FORM, *, key: bytes = KEY) -> bytes:
    return render_agreement(form, qr_key=key, qr_key_number=1)


def expected(form: AgreementForm = FORM) -> Expected:
    return Expected(
        application=form.application_reference,
        terms_version=form.terms_version,
        issue=form.issue,
        pages=page_count(issue(form)),
        keys=KEYS,
    )


def photograph(pdf: bytes, *, dots_per_inch: int = 130, degrees: float = 0.8) -> list[Image.Image]:
    """The pages as a scanner sees them: pixels, a little askew."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        sheets = [document[at].render(scale=dots_per_inch / 72).to_pil() for at in range(len(document))]
    finally:
        document.close()
    return [sheet.convert("L").rotate(degrees, expand=True, fillcolor=255) for sheet in sheets]


def bound(sheets: list[Image.Image], *, dots_per_inch: int = 130) -> bytes:
    """The sheets as the PDF that a scanner makes."""
    out = BytesIO()
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], resolution=dots_per_inch, quality=60)
    return out.getvalue()


def another_application() -> AgreementForm:
    return replace(FORM, application_reference="GB-A-3XW8QT")


def older_issue() -> AgreementForm:
    return replace(FORM, issue=1)


def older_terms() -> AgreementForm:
    return replace(FORM, terms_version="0.9")


def without_code(sheet: Image.Image) -> Image.Image:
    """A sheet whose corner with the code was cut off."""
    cut = sheet.copy()
    ImageDraw.Draw(cut).rectangle((cut.width * 0.75, 0, cut.width, cut.height * 0.2), fill=255)
    return cut
