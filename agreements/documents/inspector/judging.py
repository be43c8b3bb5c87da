"""What became of our certification of a PDF, and who signed it since. By pyHanko; nothing is ever fetched.

Certificates of ours are known by their bytes; all others are only what they say of themselves, so that no chain of them
is followed. pyHanko's own summary (`bottom_line`) is not asked for: it is content with files that were filled in after
they had been signed, or that go on behind their end.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

import asn1crypto.crl
import asn1crypto.ocsp
import asn1crypto.tsp  # noqa: F401 - signatures may carry these
import cryptography.hazmat.backends.openssl.backend  # noqa: F401 - here and below: loaded late otherwise
import pyhanko.pdf_utils.crypt.pdfmac
import pyhanko.pdf_utils.filters
import pyhanko.pdf_utils.metadata.xmp_xml  # noqa: F401
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel, SuspiciousModification
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from agreements.documents.inspector import added_part, appearances, comparing
from agreements.documents.inspector.limits import LONGEST_NAME, MOST_SIGNATURES

_PERMITS: Final = {
    MDPPerm.NO_CHANGES: "nothing",
    MDPPerm.FILL_FORMS: "form-filling",
    MDPPerm.ANNOTATE: "annotations",
}
# What a signature's certificates and revocation lists need counts as a part of signing.
_CHANGES: Final = {
    ModificationLevel.NONE: "none",
    ModificationLevel.LTA_UPDATES: "form-filling",
    ModificationLevel.FORM_FILLING: "form-filling",
}
_UNSAFE_DIGESTS: Final = frozenset({"md2", "md5", "sha1"})
_END: Final = b"%%EOF"
_WHITE: Final = b"\0 \t\r\n\x0c"

logging.getLogger("pyhanko").setLevel(logging.CRITICAL)


def judge(data: bytes, *, original: bytes, certificates: Sequence[bytes], at: int) -> dict[str, Any]:
    """Return what is said of a file, in the names and values of `documents/judgement.py`.

    `original` is what it is expected to be, or empty; `certificates` (DER) are ours; `at` is now, in Unix seconds.
    """
    said: dict[str, Any] = {}
    if original:
        said["continues"] = data.startswith(original)
    try:
        said |= _by_signatures(data, {sha256(one).hexdigest() for one in certificates}, at)
        if said.get("continues") and said["certification"] != "intact" and "trouble" not in said:
            said["changes"] = _since(data, original)
    except MemoryError:
        said["trouble"] = "memory"
    except Exception:  # whatever a parser raises is a finding about the file
        said["trouble"] = "unreadable"
    if "trouble" in said:
        said["changes"] = "unknown"
    if original and data != original:
        said |= _beside(data, original)
    return said


def _beside(data: bytes, original: bytes) -> dict[str, Any]:
    """Return what pages differ and what cannot be judged. Whatever pyHanko finds, other programs may show more."""
    continues = data.startswith(original)
    said = comparing.compare(data, original)
    unjudged = appearances.unjudged(data, original, continues=continues)
    if said.pop("faint"):
        unjudged.append("faint")
    if continues and not added_part.is_plain(data, start=len(original)):
        unjudged.append("added-part")
    return {**said, "unjudged": sorted(unjudged)}


def _by_signatures(data: bytes, ours: set[str], at: int) -> dict[str, Any]:
    reader = PdfFileReader(BytesIO(data))
    found = [one for one in reader.embedded_signatures if one.sig_object_type == "/Sig"]
    if len(found) > MOST_SIGNATURES:
        return {"certification": "absent", "trouble": "too-many-signatures"}
    certifying = [one for one in found if _certifies(one)]
    own = next((one for one in certifying if _fingerprint(one) in ours), None)
    others = [_signature(data, one, ours, at) for one in found if one is not own]
    if own is None:
        return {"certification": "foreign" if certifying else "absent", "signatures": others}
    return {"signatures": others, **_certification(data, own)}


def _certification(data: bytes, own: EmbeddedPdfSignature) -> dict[str, Any]:
    level = own.docmdp_level
    said = {"certificate": _fingerprint(own), "permits": _PERMITS.get(level, "") if level else ""}
    end = _end_of(data, own)
    if not _is_intact(own) or end is None:
        return {**said, "certification": "broken"}
    revision = sha256(data[:end]).hexdigest()
    return {**said, "certification": "intact", "changes": _changes(data, own, end), "revision_sha256": revision}


def _signature(data: bytes, one: EmbeddedPdfSignature, ours: set[str], at: int) -> dict[str, Any]:
    intact = _is_intact(one)
    end = _end_of(data, one)
    return {
        "field": _short(one.field_name),
        "intact": intact and end is not None,
        "whole_file": end == len(data),
        "changes": _changes(data, one, end) if intact and end is not None else "unknown",
        "identity": _identity(one, ours, at),
        "signer": _signer(one),
    }


def _certifies(one: EmbeddedPdfSignature) -> bool:
    references = one.sig_object.get("/Reference", ())
    return any(reference.get_object().get("/TransformMethod") == "/DocMDP" for reference in references)


def _is_intact(one: EmbeddedPdfSignature) -> bool:
    """Return whether the signed bytes are those that were signed with the key of the signature's certificate."""
    if one.md_algorithm in _UNSAFE_DIGESTS:
        return False
    try:
        digest = one.compute_digest()
        intact, valid = validate_sig_integrity(one.signer_info, one.signer_cert, "data", digest)
    except MemoryError:
        raise
    except Exception:  # of many kinds, for what is malformed or of no known algorithm
        return False
    return intact and valid


def _end_of(data: bytes, one: EmbeddedPdfSignature) -> int | None:
    """Return where the signed bytes end; None unless they begin with the file and leave out the signature alone."""
    numbers = [int(number) for number in one.byte_range]
    if len(numbers) != 4 or numbers[0] != 0 or min(numbers) < 0:
        return None
    _start, first, second, length = numbers
    gap, end = data[first:second], second + length
    if end > len(data) or not (gap.startswith(b"<") and gap.endswith(b">")):
        return None
    hexadecimal = gap[1:-1].translate(None, _WHITE)
    if hexadecimal.strip(b"0123456789abcdefABCDEF") or not hexadecimal.lower().startswith(
        one.pkcs7_content.rstrip(b"\0").hex().encode()
    ):
        return None
    return end


def _changes(data: bytes, one: EmbeddedPdfSignature, end: int) -> str:
    """Return what came after the signed bytes."""
    if end == len(data):
        return "none"
    whole: Any = one  # which has no types
    whole.compute_integrity_info()
    if whole.coverage not in {SignatureCoverageLevel.ENTIRE_REVISION, SignatureCoverageLevel.ENTIRE_FILE}:
        return "other"
    return _level(data, end, whole.diff_result)


def _since(data: bytes, original: bytes) -> str:
    """Return what came after the bytes of the original, where no certification of ours says so."""
    if len(data) == len(original):
        return "none"
    base = PdfFileReader(BytesIO(original)).xrefs.total_revisions - 1
    found = DEFAULT_DIFF_POLICY.review_file(PdfFileReader(BytesIO(data)), base, doc_mdp=MDPPerm.FILL_FORMS)
    return _level(data, len(original), found)


def _level(data: bytes, end: int, result: DiffResult | SuspiciousModification | None) -> str:
    tail = data[end:]
    if not tail.strip(_WHITE):
        return "none"
    # Where pyHanko finds nothing, something stands there that no reader of PDFs is meant to see.
    if not isinstance(result, DiffResult) or result.modification_level == ModificationLevel.NONE:
        return "other"
    if tail[tail.rfind(_END) + len(_END) :].strip(_WHITE) or _END not in tail:
        return "other"
    return _CHANGES.get(result.modification_level, "other")


def _identity(one: EmbeddedPdfSignature, ours: set[str], at: int) -> str:
    if _fingerprint(one) in ours:
        return "ours"
    return "expired" if one.signer_cert.not_valid_after < datetime.fromtimestamp(at, UTC) else "unverified"


def _fingerprint(one: EmbeddedPdfSignature) -> str:
    certificate: Any = one.signer_cert
    return sha256(certificate.dump()).hexdigest()


def _signer(one: EmbeddedPdfSignature) -> str:
    """Return the certificate's own name for whose it is."""
    subject = one.signer_cert.subject
    names: dict[str, Any] = subject.native
    for part in ("common_name", "pseudonym", "organization_name", "email_address"):
        if isinstance(names.get(part), str):
            return _short(names[part])
    return _short(subject.human_friendly)


def _short(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:LONGEST_NAME]
