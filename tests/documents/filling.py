"""Blank forms as people fill them in: with other programs than those that read them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from xml.etree import ElementTree

import pikepdf
import pypdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from agreements.documents.agreement_form import render_blank
from tests.documents.papers import FORM, KEY
from tests.services.tools import path_of

TYPED: Final = {
    "name": "Alice Łukaszewska",
    "position": "教授",
    "organization": "Uniwersytet Warszawski",
    "country": "Poland",
    "intended_use": "We study clothes (and people).\nFrom few views.",
    "member_1_name": "Bob Đặng",
    "member_1_email": "bob@uw.example",
}


@cache
def blank() -> bytes:
    return render_blank(
        dataset_name=FORM.dataset_name,
        terms_version=FORM.terms_version,
        terms_sha256=FORM.terms_sha256,
        clauses=FORM.clauses,
        issued_on=FORM.issued_on,
        contact_addresses=FORM.contact_addresses,
        mail_subject=FORM.mail_subject,
        qr_key=KEY,
        qr_key_number=1,
    )


def by_pikepdf(texts: Mapping[str, str]) -> bytes:
    """As a program does that leaves the drawing to whoever looks at it."""

    def fill(pdf: Pdf) -> None:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.T) in texts:
                field.V = String(texts[str(field.T)])
                del field.AP

    return changed(fill)


def by_pypdf(texts: Mapping[str, str]) -> bytes:
    """As a program does that draws what it filled in."""
    writer = pypdf.PdfWriter(clone_from=BytesIO(blank()))
    for page in writer.pages:
        if "/Annots" in page:
            writer.update_page_form_field_values(page, dict(texts), auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def by_pdftk(texts: Mapping[str, str]) -> bytes:
    """As a program does that is made for filling in forms, from a file of the answers (ISO 19444-1)."""
    answers = ElementTree.Element("xfdf", xmlns="http://ns.adobe.com/xfdf/")
    rows = ElementTree.SubElement(answers, "fields")
    for name, text in texts.items():
        row = ElementTree.SubElement(rows, "field", name=name)
        ElementTree.SubElement(row, "value").text = text
    with TemporaryDirectory() as folder:
        form, file, filled = (Path(folder) / name for name in ("form.pdf", "answers.xfdf", "filled.pdf"))
        form.write_bytes(blank())
        file.write_bytes(ElementTree.tostring(answers, encoding="utf-8", xml_declaration=True))
        subprocess.run([path_of("pdftk"), form, "fill_form", file, "output", filled], check=True)
        return filled.read_bytes()


def changed(change: Callable[[Pdf], None]) -> bytes:
    """The blank form after somebody changed it."""
    out = BytesIO()
    with pikepdf.open(BytesIO(blank())) as pdf:
        change(pdf)
        pdf.save(out)
    return out.getvalue()


def field(name: str, value: object) -> Dictionary:
    """A field at the top of a form, with nothing to be seen."""
    return Dictionary(FT=Name.Tx, T=String(name), V=value)


def with_fields(*fields: Any) -> bytes:
    """The blank form with these fields and no others."""

    def replace(pdf: Pdf) -> None:
        pdf.Root.AcroForm.Fields = Array([pdf.make_indirect(one) for one in fields])
        for page in pdf.pages:
            if "/Annots" in page:
                del page.Annots

    return changed(replace)
