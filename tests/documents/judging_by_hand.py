"""What pyHanko says of a PDF, asked directly: the tests of what makes PDFs do not ask what judges them here."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import pypdf
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pypdf.generic import NameObject


def status(pdf: bytes, roots: Iterable[bytes]) -> PdfSignatureStatus:
    """What is said of the first signature, which is our certification."""
    trusted = [x509.Certificate.load(root) for root in roots]  # type: ignore[no-untyped-call]
    context = ValidationContext(trust_roots=trusted, allow_fetching=False)
    first = PdfFileReader(BytesIO(pdf)).embedded_signatures[0]
    return validate_pdf_signature(first, context, ts_validation_context=context)


def filled(pdf: bytes, texts: dict[str, str], *, ticked: bool = False) -> bytes:
    """The PDF as a program leaves it that fills in a form and saves what it changed behind the rest."""
    writer = pypdf.PdfWriter(BytesIO(pdf), incremental=True)
    values = {**texts, **({"accepted": "/Yes"} if ticked else {})}
    for page in writer.pages:
        if NameObject("/Annots") in page:
            writer.update_page_form_field_values(page, values, auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
