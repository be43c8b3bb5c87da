"""People with a certificate of their own, and what they and others do to an agreement that was issued to them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from functools import cache
from io import BytesIO

import pikepdf
import pypdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1, translate_pyca_cryptography_key_to_asn1
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pypdf.annotations import FreeText

from agreements.core.clock import now

ALICE = "Alice Łukaszewska"


@cache
def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate("An authority nobody here knows", key, of=("An authority nobody here knows", key))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    of: tuple[str, ec.EllipticCurvePrivateKey],
    days: tuple[int, int] = (-30, 700),
) -> x509.Certificate:
    issuer, signing = of
    since, until = (now().astimezone(dt.UTC) + dt.timedelta(days=count) for count in days)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .sign(signing, hashes.SHA256())
    )


@cache
def signer(name: str = ALICE, *, expired: bool = False) -> SimpleSigner:
    """A person whose certificate comes from an authority that is known to nobody here."""
    key, (authority_key, authority) = ec.generate_private_key(ec.SECP256R1()), _authority()
    days = (-900, -30) if expired else (-30, 700)
    certificate = _certificate(name, key, of=("An authority nobody here knows", authority_key), days=days)
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register(translate_pyca_cryptography_cert_to_asn1(authority))
    return SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(key),
        cert_registry=registry,
    )


def signed(pdf: bytes, by: SimpleSigner | None = None, *, field: str = "Signature", certify: bool = False) -> bytes:
    """The PDF with somebody's digital signature, in the field that is there for it or in a new one."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if field != "Signature" or certify:
        append_signature_field(writer, SigFieldSpec(field))
    about = PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=certify
    )
    out = BytesIO()
    asyncio.run(PdfSigner(about, signer=by or signer()).async_sign_pdf(writer, output=out))
    return out.getvalue()


def annotated(pdf: bytes) -> bytes:
    """A note on the first page."""
    return _appended(
        pdf, lambda writer: writer.add_annotation(0, FreeText(text="and three others", rect=(50, 550, 200, 650)))
    )


def covered(pdf: bytes, *, page: int = 1) -> bytes:
    """A white box over a part of the text, drawn behind the page's own content."""

    def cover(writer: pypdf.PdfWriter) -> None:
        stream = pypdf.generic.DecodedStreamObject()
        stream.set_data(b"q 1 1 1 rg 60 300 400 60 re f Q")
        whole = writer.pages[page]["/Contents"]
        before = whole if isinstance(whole, pypdf.generic.ArrayObject) else [writer.pages[page].raw_get("/Contents")]
        after = pypdf.generic.ArrayObject([*before, writer._add_object(stream)])
        writer.pages[page][pypdf.generic.NameObject("/Contents")] = after

    return _appended(pdf, cover)


def _appended(pdf: bytes, change: Callable[[pypdf.PdfWriter], object]) -> bytes:
    writer = pypdf.PdfWriter(BytesIO(pdf), incremental=True)
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def saved_by_pikepdf(pdf: bytes) -> bytes:
    """The same pages as a program leaves them that writes a file anew."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(out)
    return out.getvalue()


def saved_by_pypdf(pdf: bytes) -> bytes:
    """The same, by another program."""
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
