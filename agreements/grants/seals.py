"""Seals: what a person's archives are encrypted under. A seal is a row of numbers; all keys are derived."""

from __future__ import annotations

import secrets

from agreements.core.secrets import SALT, key_ring
from agreements.grants.models import AnySeal, Grant, Seal
from agreements.keys import master_keys
from agreements.sealing import etag_for


def new_seal(*, grant: Grant, person_pk: int) -> Seal:
    """Return a fresh seal for one person, under the current master key. Raises keys.master_keys.WrongKey."""
    current = key_ring().current
    master_keys.confirm(current)
    return Seal.objects.create(seal_id=secrets.token_hex(16), grant=grant, person_id=person_pk, key_number=current)


def running_seal(*, grant: Grant, person_pk: int | None) -> Seal | None:
    """Return the seal that a person holds under a grant, or None."""
    return Seal.objects.filter(grant=grant, person_id=person_pk, ended_at=None).first()


def inputs(seal: AnySeal) -> tuple[bytes, bytes]:
    """Return what every derivation from a seal takes in: its id (16 bytes), its number (4 bytes, big-endian)."""
    return inputs_of(seal.seal_id, seal.number)


def inputs_of(seal_id: str, number: int) -> tuple[bytes, bytes]:
    """Return the same for a seal's id and number."""
    return bytes.fromhex(seal_id), number.to_bytes(4, "big")


def salt_key(seal: AnySeal) -> bytes:
    """Return the key (32 bytes) that makes the salts of members. Raises core.secrets.UnknownKey."""
    return key_ring().derive(SALT, *inputs(seal), number=seal.key_number, length=32)


def etag(seal: AnySeal, *, archive_digest: str) -> str:
    """Return the strong ETag, quotes included, of an archive under a seal; `archive_digest` is in hex."""
    return etag_for(
        bytes.fromhex(archive_digest),
        seal_id=bytes.fromhex(seal.seal_id),
        number=seal.number,
        key_number=seal.key_number,
    )
