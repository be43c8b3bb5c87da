"""What pyHanko says of a PDF that may be one of ours: what became of our certification, and who signed it since.

Made in `inspect`, which knows our certificates; kept as plain values (`Inspection.judgement`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Certification = Literal["intact", "broken", "absent", "foreign"]
"""`foreign`: somebody certified it, with no certificate of ours."""
Changes = Literal["none", "form-filling", "other", "unknown"]
"""What was added after a signature: nothing that shows, form fields and signatures only, or anything else."""
Permits = Literal["nothing", "form-filling", "annotations", ""]
Identity = Literal["unverified", "expired", "ours"]
"""Whose certificate: nobody vouches for any but `ours`, for no chain of certificates is followed."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature that is not our certification. `signer` is the certificate's own word, nothing more."""

    field: str
    intact: bool
    whole_file: bool
    changes: Changes
    identity: Identity
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`revision_sha256` is of the file as we certified it: equal to that of the stored document, whatever came after.

    `continues`: the file begins with the bytes of the original that was given along. `pages_differ`: pages, from 1,
    whose text or picture is not that of the original, looked at only where the file is not the original with its form
    filled in; None where nothing was compared. `original_sha256`: what it was compared with. `pictures`: pages that are
    one picture, a scan, which are not compared.
    """

    certification: Certification = "absent"
    permits: Permits = ""
    changes: Changes = "unknown"
    revision_sha256: str = ""
    certificate: str = ""
    continues: bool | None = None
    pages_differ: tuple[int, ...] | None = None
    pictures: tuple[int, ...] = ()
    original_sha256: str = ""
    signatures: tuple[Signature, ...] = ()
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the judgement as plain values."""
        return asdict(self)


def from_json(kept: Mapping[str, Any]) -> Judgement | None:
    """Return a judgement from what was kept, or None if none was."""
    if not kept:
        return None
    signatures = tuple(Signature(**one) for one in kept["signatures"])
    differ = None if kept["pages_differ"] is None else tuple(kept["pages_differ"])
    pictures = tuple(kept.get("pictures", ()))
    return Judgement(**{**kept, "signatures": signatures, "pages_differ": differ, "pictures": pictures})
