"""Numbered master keys, and everything that is derived from them.

Nothing derived is stored, so a stolen database opens nothing. Every use has a label of its own and every
input is length-prefixed, so that no two uses can ever meet in the same bytes. HKDF-SHA256: RFC 5869.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from django.conf import settings

PASSWORD: Final = "countersign/password/1"  # noqa: S105 - a label, not a password
SALT: Final = "countersign/salt/1"
LINK: Final = "countersign/link/1"
QR: Final = "countersign/qr/1"
INVITATION: Final = "countersign/invitation/1"
SECOND_FACTOR: Final = "countersign/second-factor/1"
CHECK: Final = "countersign/check/1"
MEMBER: Final = "countersign/member/1"
CHECKPOINT: Final = "countersign/checkpoint/1"
BARRED: Final = "countersign/barred/1"
RECORD_HEAD: Final = "countersign/record-head/1"
BOUNCE: Final = "countersign/bounce/1"

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class UnknownKey(LookupError):
    """A row names a master key number that is not configured."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Master keys by number. `repr` shows the numbers and never the keys."""

    _keys: Mapping[int, bytes]
    _extracted: dict[int, bytes] = field(default_factory=dict, init=False, compare=False)

    def __repr__(self) -> str:
        return f"KeyRing(numbers={sorted(self._keys)})"

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(sorted(self._keys))

    @property
    def current(self) -> int:
        """The number under which new things are made: the highest."""
        return max(self._keys)

    def derive(self, label: str, *inputs: bytes, number: int, length: int) -> bytes:
        """Return `length` bytes for a use and its inputs under one master key. Raises UnknownKey."""
        info = _length_prefixed(label.encode(), *inputs)
        return HKDFExpand(SHA256(), length, info).derive(self._extract(number))

    def check_value(self, number: int) -> str:
        """Return 16 hex digits by which a key is known again and that say nothing about it. Raises UnknownKey."""
        return self.derive(CHECK, number=number, length=8).hex()

    def _extract(self, number: int) -> bytes:
        """Return what all of a key's derivations begin with. Kept: a trace derives for a million seals."""
        if number not in self._extracted:
            try:
                master = self._keys[number]
            except KeyError:
                raise UnknownKey(f"master key {number} is not configured") from None
            self._extracted[number] = HKDF.extract(SHA256(), None, master)
        return self._extracted[number]


def key_ring() -> KeyRing:
    """Return the ring from the settings."""
    return KeyRing(settings.MASTER_KEYS)


def tag(key: bytes, *inputs: bytes, length: int) -> bytes:
    """Return HMAC-SHA256 over length-prefixed inputs, cut to `length` bytes."""
    return hmac.digest(key, _length_prefixed(*inputs), sha256)[:length]


def crockford(value: bytes, *, characters: int) -> str:
    """Return the leading `characters` x 5 bits of a value in Crockford's base32."""
    number = int.from_bytes(value, "big") >> (len(value) * 8 - characters * 5)
    return "".join(CROCKFORD[(number >> (5 * place)) & 31] for place in reversed(range(characters)))


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare in constant time."""
    first = one.encode() if isinstance(one, str) else one
    second = other.encode() if isinstance(other, str) else other
    return hmac.compare_digest(first, second)


def _length_prefixed(*inputs: bytes) -> bytes:
    return b"".join(len(item).to_bytes(4, "big") + item for item in inputs)
