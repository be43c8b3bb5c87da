"""A checkpoint as text: a few lines that fit into a mail, can be kept on paper, and are found again in what is pasted.

    Countersign checkpoint 1
    site: https://data.lab.example
    rows: 1234
    head: 64 hex digits, the hash of row 1234
    made: 2026-03-02T03:00:00Z
    key: 1
    public key: 64 hex digits
    signature: 128 hex digits, on two lines

The signature is Ed25519 (RFC 8032) over all lines before it, each ended by one line feed, in UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils.translation import gettext as _

from agreements.core.errors import Invalid
from agreements.ledger.field_types import COUNT, ED25519_KEY, ED25519_SIGNATURE, MOMENT, NUMBER, SHA256, TEXT

FIRST_LINE: Final = "Countersign checkpoint 1"
_LABELS: Final = ("site", "rows", "head", "made", "key", "public key", "signature")
# How mail programs mark what is quoted.
_QUOTED: Final = re.compile(r"^[>|\s]+")
_HEX: Final = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """`count` rows stood in the record at `made`, and the last of them had `head_hash`."""

    site: str
    count: int
    head_hash: str
    made: str
    key_number: int
    public_key: str
    signature: str = ""

    @property
    def signed_text(self) -> str:
        values = (self.site, self.count, self.head_hash, self.made, self.key_number, self.public_key)
        return "\n".join(
            [FIRST_LINE, *(f"{label}: {value}" for label, value in zip(_LABELS, values, strict=False)), ""]
        )

    @property
    def text(self) -> str:
        """The whole checkpoint, as it is mailed and downloaded."""
        return f"{self.signed_text}signature: {self.signature[:64]}\n  {self.signature[64:]}\n"

    def is_signed(self) -> bool:
        """Return whether the signature is by the public key that the checkpoint names, whoever that belongs to."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), self.signed_text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def parse(text: str) -> list[Checkpoint]:
    """Return the checkpoints in a text, such as a mail or several, in its order, each once.

    Raises Invalid when there is none, or when one of them lacks a line or has a line that is not as it should be.
    """
    lines = [_QUOTED.sub("", line).rstrip() for line in text.replace("\ufeff", "").splitlines()]
    starts = [number for number, line in enumerate(lines) if line == FIRST_LINE]
    if not starts:
        raise Invalid(_("There is no checkpoint in this: it begins with “%(line)s”.") % {"line": FIRST_LINE})
    ends = [*starts[1:], len(lines)]
    found = [_one(lines[start + 1 : end]) for start, end in zip(starts, ends, strict=True)]
    return list(dict.fromkeys(found))


def _one(lines: list[str]) -> Checkpoint:
    left = [line for line in lines if line]
    values: dict[str, str] = {}
    for label in _LABELS:
        before, _colon, after = left.pop(0).partition(": ") if left else ("", "", "")
        if before != label:
            raise Invalid(_("The checkpoint is not complete: its line “%(label)s” is missing.") % {"label": label})
        values[label] = after.strip()
    while left and len(values["signature"]) < 128 and _HEX.fullmatch(left[0]):
        values["signature"] += left.pop(0)
    return _checked(values)


def _checked(values: dict[str, str]) -> Checkpoint:
    numbers = {label: int(values[label]) if values[label].isdecimal() else -1 for label in ("rows", "key")}
    fits = {
        "site": TEXT.fits(values["site"]),
        "rows": COUNT.fits(numbers["rows"]),
        "head": SHA256.fits(values["head"]),
        "made": MOMENT.fits(values["made"]),
        "key": NUMBER.fits(numbers["key"]),
        "public key": ED25519_KEY.fits(values["public key"]),
        "signature": ED25519_SIGNATURE.fits(values["signature"]),
    }
    for label, is_right in fits.items():
        if not is_right:
            raise Invalid(_("The checkpoint's line “%(label)s” is not as it was written.") % {"label": label})
    return Checkpoint(
        site=values["site"],
        count=numbers["rows"],
        head_hash=values["head"],
        made=values["made"],
        key_number=numbers["key"],
        public_key=values["public key"],
        signature=values["signature"],
    )
