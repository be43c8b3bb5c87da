"""What poppler's pdfsig says of what we certify, and of what others sign in it: another reader of PDFs agrees."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agreements.documents import certifying
from agreements.documents.joining import join
from tests.documents import signers
from tests.documents.judging_by_hand import filled
from tests.documents.test_certifying import DRAWN, TYPED, issued
from tests.services.tools import path_of

pytestmark = pytest.mark.django_db

Said = dict[str, tuple[str, bool, str]]
US = "testserver"
VALID = "Signature is Valid."


def executed() -> bytes:
    """Certified as an executed agreement is: the pages of papers put together, and nothing may change."""
    return certifying.certify(join([issued(), DRAWN.pdf]), permits="nothing").pdf


def filled_in() -> bytes:
    return filled(issued(), TYPED, ticked=True)


SIGNED: Said = {"Certification": (US, False, VALID), "Signature": (signers.ALICE, True, VALID)}
KINDS: dict[str, tuple[Callable[[], bytes], Said]] = {
    "issued": (issued, {"Certification": (US, True, VALID)}),
    "filled in": (filled_in, {"Certification": (US, False, VALID)}),
    "signed": (lambda: signers.signed(issued()), SIGNED),
    "filled in, then signed": (lambda: signers.signed(filled_in()), SIGNED),
    "executed": (executed, {"Certification": (US, True, VALID)}),
}


def pdfsig(pdf: bytes, folder: Path) -> Said:
    """By field: whose certificate it names, whether all of the file is signed, and what became of what was signed."""
    path = folder / "agreement.pdf"
    path.write_bytes(pdf)
    command = [path_of("pdfsig"), "-nocert", str(path)]
    text = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stdout
    parts = [part for part in re.split(r"^Signature #\d+:$", text, flags=re.MULTILINE)[1:] if "Validation" in part]
    return {
        _line(part, "Signature Field Name"): (
            _line(part, "Signer Certificate Common Name"),
            "- Total document signed" in part,
            _line(part, "Signature Validation"),
        )
        for part in parts
    }


def _line(part: str, name: str) -> str:
    found = re.search(rf"^  - {name}: (.*)$", part, re.MULTILINE)
    assert found is not None, part
    return found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_pdfsig_reads_what_we_certify_and_what_became_of_it(kind: str, tmp_path: Path) -> None:
    make, expected = KINDS[kind]
    assert pdfsig(make(), tmp_path) == expected


def test_pdfsig_finds_a_changed_byte(tmp_path: Path) -> None:
    pdf = executed()
    at = pdf.index(b"stream") + 30
    changed = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    assert pdfsig(changed, tmp_path) == {"Certification": (US, True, "Digest Mismatch.")}
