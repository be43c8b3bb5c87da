"""What is found of a changed executed agreement: by pyHanko's own verdict, and by the SHA-256 that the record has."""

from __future__ import annotations

import random
import re
from hashlib import sha256
from io import BytesIO, StringIO

import pytest
from django.core.management import call_command
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.grants import executed
from agreements.keys import signing_keys
from agreements.revocation import certificate_values, certifying
from agreements.revocation.models import AffectedGrant
from tests.figures import FIGURES
from tests.flows.scene import Scene
from tests.grants.executed.approved import approved, file_of
from tests.revocation.ended import ended

FLIPS = 300
IN_THE_SIGNATURE = 60


def verdict(data: bytes) -> PdfSignatureStatus:
    """What pyHanko says of the one signature in a file, with nothing fetched and our certificate alone trusted."""
    reader = PdfFileReader(BytesIO(data))
    [signature] = reader.embedded_signatures
    ours = translate_pyca_cryptography_cert_to_asn1(signing_keys.current().certificate)
    return validate_pdf_signature(signature, ValidationContext(trust_roots=[ours], allow_fetching=False))


def is_good(data: bytes) -> bool:
    """Whether pyHanko, asked as strictly as we ask it, finds nothing wrong."""
    try:
        status = verdict(data)
    except Exception:  # it cannot even be read: found, too
        return False
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return bool(status.bottom_line and status.intact and status.valid and whole and status.docmdp_ok)


def is_known(data: bytes) -> bool:
    """Whether the portal knows a file by its SHA-256."""
    return StoredDocument.objects.filter(sha256=sha256(data).hexdigest()).exists()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.fixture
def agreement(scene: Scene) -> bytes:
    grant = approved(scene)
    executed.work_off()
    return file_of(grant)


def contents_of(data: bytes) -> tuple[int, int]:
    """Where the signature stands in the file, in hex: first and last digit (ISO 32000-2, 12.8.1)."""
    found = re.search(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)
    assert found is not None
    return int(found[1]) + 1, int(found[2]) - 2


def test_it_is_certified_and_nothing_may_be_added(agreement: bytes) -> None:
    status = verdict(agreement)
    assert is_good(agreement)
    assert status.modification_level is not None
    assert status.modification_level.name == "NONE"
    [signature] = PdfFileReader(BytesIO(agreement)).embedded_signatures
    assert signature.docmdp_level is MDPPerm.NO_CHANGES


def test_any_byte_that_is_changed_is_found(agreement: bytes) -> None:
    first, last = contents_of(agreement)
    rng = random.Random(6)
    outside = [at for at in rng.sample(range(len(agreement)), FLIPS) if not first - 1 <= at <= last + 1]
    missed = [at for at in outside if is_good(flipped(agreement, at))]
    assert not missed, "what is signed was changed, and pyHanko did not see it"
    # The signature cannot sign itself: the zeros that fill up its room are read by nobody, and neither are some bytes
    # of its wrapping (certificates beside it, numbers of versions). Those the SHA-256 in the record alone finds.
    filling = first + len(agreement[first : last + 1].rstrip(b"0"))
    inside = {"of the signature": range(first, filling), "of what fills it up": range(filling, last + 1)}
    told = []
    for name, digits in inside.items():
        some = rng.sample(digits, min(IN_THE_SIGNATURE, len(digits)))
        by_hash_alone = [at for at in some if is_good(flipped(agreement, at))]
        told.append(f"{len(some) - len(by_hash_alone)} of {len(some)} digits {name}")
        assert all(not is_known(flipped(agreement, at)) for at in some)
    FIGURES.append(
        f"executed agreement of {len(agreement)} bytes, one byte changed: pyHanko found it at {len(outside)} of "
        f"{len(outside)} places outside of the signature, at {', '.join(told)}; the SHA-256 finds all"
    )


@pytest.mark.parametrize("tail", [b"\n", b"%more\n", b"\n%%EOF\n"])
def test_bytes_behind_the_end_are_found(agreement: bytes, tail: bytes) -> None:
    assert not is_good(agreement + tail)


def test_certificates_of_an_end_are_certified_and_cite_it_first(scene: Scene) -> None:
    affected = ended(scene)
    executed.work_off()
    made = executed.of(affected.grant)
    assert made is not None
    assert made.document is not None
    cited = certificate_values.cited_agreement(affected.grant).papers
    assert (cited[0].name, cited[0].sha256) == ("executed agreement", made.document.sha256)
    document = certifying.certificate_of(AffectedGrant.objects.get(pk=affected.pk))
    assert is_good(store.read(document))


def test_a_key_that_is_given_up_is_told_with_the_executed_agreements_it_certified(agreement: bytes) -> None:
    out = StringIO()
    call_command("mark_signing_key_compromised", signing_keys.current().fingerprint, "--yes", stdout=out)
    assert "It certified 1 executed agreements" in out.getvalue()
