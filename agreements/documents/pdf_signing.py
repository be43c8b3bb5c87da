"""Our certification on a PDF, by pyHanko. Loaded only when something is signed."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1, translate_pyca_cryptography_key_to_asn1
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from agreements.documents.certifying import Permits
from agreements.documents.places import Place
from agreements.documents.timestamp_client import TimestampClient
from agreements.keys.signing_keys import SigningKey

log = logging.getLogger(__name__)

CERTIFICATION: Final = "Certification"
SIGNATURE_FIELD: Final = "Signature"
PATIENCE: Final = 5.0
"""Seconds for a timestamp server to answer; after that a document is certified without a timestamp."""
REST: Final = 60.0
"""Seconds in which a timestamp server that did not answer is not asked again: nobody waits for it twice in a row."""

_PERMITS: Final[dict[Permits, MDPPerm]] = {"nothing": MDPPerm.NO_CHANGES, "form-filling": MDPPerm.FILL_FORMS}
# Signed attributes, names and an RSA signature of 4,096 bits take 1.3 kB.
_BESIDES: Final = 2048
_resting: dict[str, float] = {}


def sign(
    pdf: bytes,
    *,
    key: SigningKey,
    permits: Permits,
    signature: Place | None,
    reason: str,
    moment: dt.datetime,
    timestamp_url: str,
) -> bytes:
    """Return the PDF, certified. `pdf` is one of ours; its bytes stay as they are, everything new comes after them.

    A timestamp server that does not answer in time is left out of it, and the log says so.
    """

    metadata = PdfSignatureMetadata(
        field_name=CERTIFICATION,
        md_algorithm="sha256",
        reason=reason or None,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=_PERMITS[permits],
    )

    def signing(timestamper: TimestampClient | None) -> Coroutine[Any, Any, bytes]:
        signer = _Signer(metadata, signer=_simple_signer(key), timestamper=timestamper)
        signer.moment = moment
        # How long a timestamp will be only its server knows: then pyHanko signs once to see.
        return _signed(pdf, signature, signer, room=None if timestamper else _room(key))

    if timestamp_url and time.monotonic() >= _resting.get(timestamp_url, 0.0):
        try:
            stamper = _timestamper(timestamp_url)
            return _run(lambda: signing(stamper), patience=PATIENCE)
        except Exception as failure:  # whatever it sent; without it the document is certified all the same
            _resting[timestamp_url] = time.monotonic() + REST
            log.warning("certified without a timestamp, its server did not answer rightly: %s", type(failure).__name__)
    return _run(lambda: signing(None))


class _Signer(PdfSigner):
    """A signer whose time is that of our clock, as in the record."""

    moment: dt.datetime

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self.moment
        return session


async def _signed(pdf: bytes, signature: Place | None, signer: PdfSigner, *, room: int | None) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if signature is not None:
        append_signature_field(writer, SigFieldSpec(SIGNATURE_FIELD, on_page=signature.page - 1, box=_box(signature)))
    out = BytesIO()
    await signer.async_sign_pdf(writer, output=out, bytes_reserved=room)
    return out.getvalue()


def _room(key: SigningKey) -> int:
    """Return how many hex digits to leave for a signature: its certificates, and plenty for everything else."""
    return 2 * (sum(len(one.public_bytes(Encoding.DER)) for one in (key.certificate, *key.chain)) + _BESIDES)


def _box(place: Place) -> tuple[int, int, int, int]:
    """Return the corners of a place in whole points, as pyHanko wants them, inside of the drawn box."""
    return (
        int(place.x) + 1,
        int(place.y) + 1,
        int(place.x + place.width),
        int(place.y + place.height),
    )


_last_signer: list[tuple[SigningKey, SimpleSigner]] = []


def _simple_signer(key: SigningKey) -> SimpleSigner:
    """Return pyHanko's form of a key, made once; of the last key alone, none that was replaced is held."""
    for known, signer in _last_signer:
        if known is key:
            return signer
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register_multiple([translate_pyca_cryptography_cert_to_asn1(one) for one in key.chain])
    made = SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(key.certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(key.private_key),
        cert_registry=registry,
    )
    _last_signer[:] = [(key, made)]
    return made


@lru_cache(maxsize=4)
def _timestamper(url: str) -> TimestampClient:
    """Return the client of a timestamp server. It is kept, for it remembers how long the server's answers are."""
    return TimestampClient(url, patience=PATIENCE)


def _run(make: Callable[[], Coroutine[Any, Any, bytes]], *, patience: float | None = None) -> bytes:
    """Return what a coroutine returns, or raise what it raises; TimeoutError once the patience (seconds) is over.

    It runs in a thread of its own where this one has a running loop, or where it must not wait for its end: two
    answers of a timestamp server may be needed, and finding its address has no time limit of ours.
    """
    if patience is None and not _loop_is_running():
        return asyncio.run(make())
    results: list[bytes] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            results.append(asyncio.run(make()))
        except BaseException as failure:  # raised again where it was asked for
            failures.append(failure)

    thread = threading.Thread(target=work, name="certifying", daemon=True)
    thread.start()
    thread.join(patience)
    if failures:
        raise failures[0]
    if not results:
        raise TimeoutError(f"not done after {patience} s")
    return results[0]


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
