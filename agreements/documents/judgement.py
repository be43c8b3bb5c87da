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
Unjudged = Literal["added-part", "annotations", "faint", "form-fields", "layers"]
"""Why programs may show other pages than those compared: what was added is not read by all of them in one way; notes
over a page; pages that differ faintly; fields that may reach beyond their place; layers that may be shown or not."""
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
    whose text or picture is not that of the original outside of its form; None where nothing was compared, as with the
    original itself. `original_sha256`: what it was compared with. `pictures`: pages that are
    one picture, a scan, which are not compared. `unjudged`: why `pages_differ` is not to be relied on.
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
    unjudged: tuple[Unjudged, ...] = ()
    trouble: str = ""

    @property
    def looks_as_issued(self) -> bool:
        """Return whether every page was compared and is that of the original outside of its form, in every program."""
        return self.pages_differ == () and not self.pictures and not self.unjudged and not self.trouble

    def as_json(self) -> dict[str, Any]:
        """Return the judgement as plain values."""
        return asdict(self)


def from_json(kept: Mapping[str, Any]) -> Judgement | None:
    """Return a judgement from what was kept, or None if none was."""
    if not kept:
        return None
    signatures = tuple(Signature(**one) for one in kept["signatures"])
    differ = None if kept["pages_differ"] is None else tuple(kept["pages_differ"])
    lists = {name: tuple(kept.get(name, ())) for name in ("pictures", "unjudged")}
    return Judgement(**{**kept, **lists, "signatures": signatures, "pages_differ": differ})
