"""The password of one's own: how it is derived, and who is shown it."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest

from agreements.core.errors import NotAllowed, NotPossible
from agreements.core.secrets import UnknownKey
from agreements.grants import lifecycle, passwords, seals
from agreements.grants.models import Seal
from agreements.ledger.models import LedgerEntry
from tests.grants.scene import Scene
from tests.grants.test_states import revoke

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256 and no salt, written out."""
    prk = hmac.digest(bytes(32), key, sha256)
    block, out, count = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([count]), sha256)
        out += block
        count += 1
    return out[:length]


def prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


# Under the test key, bytes 0 to 31.
VECTORS = [
    ("00000000000000000000000000000000", 1),
    ("000102030405060708090a0b0c0d0e0f", 1),
    ("000102030405060708090a0b0c0d0e0f", 2),
    ("ffffffffffffffffffffffffffffffff", 4_000_000_000),
]


@pytest.mark.parametrize(("seal_id", "number"), VECTORS)
def test_a_password_is_the_leading_100_bits_of_hkdf_in_crockfords_letters(seal_id: str, number: int) -> None:
    info = prefixed(b"countersign/password/1", bytes.fromhex(seal_id), number.to_bytes(4, "big"))
    bits = int.from_bytes(hkdf(bytes(range(32)), info, 13), "big") >> 4
    letters = "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(20)))
    expected = "-".join(letters[start : start + 4] for start in range(0, 20, 4))
    assert passwords.password_of(Seal(seal_id=seal_id, number=number, key_number=1)) == expected


def test_the_published_vector_does_not_move() -> None:
    seal = Seal(seal_id="000102030405060708090a0b0c0d0e0f", number=1, key_number=1)
    assert passwords.password_of(seal) == "64SG-M77T-TPWS-8F67-ZRYZ"


def test_a_seal_of_a_key_that_is_gone_opens_nothing() -> None:
    with pytest.raises(UnknownKey):
        passwords.password_of(Seal(seal_id="00" * 16, number=1, key_number=9))


def test_alice_is_shown_hers_and_the_record_says_so_without_it(scene: Scene) -> None:
    password = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    entry = LedgerEntry.objects.get(kind="password.revealed")
    assert entry.actor == scene.alice.actor.id
    assert entry.subjects["grant"] == scene.grant.reference
    assert password not in str(entry.payload) + str(entry.subjects)


@pytest.mark.parametrize("who", ["bob", "carol", "dan", "eve"])
def test_nobody_else_is_shown_it_a_steward_included(scene: Scene, who: str) -> None:
    with pytest.raises(NotAllowed):
        passwords.reveal(grant=scene.grant, by=getattr(scene, who).actor)
    assert not LedgerEntry.objects.filter(kind="password.revealed").exists()


def test_a_second_person_of_a_grant_has_a_password_of_their_own(scene: Scene) -> None:
    seals.new_seal(grant=scene.grant, person_pk=scene.bob.pk)
    of_alice = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    assert passwords.reveal(grant=scene.grant, by=scene.bob.actor) != of_alice


def test_it_is_refused_after_revocation(scene: Scene) -> None:
    revoke(scene, by=scene.dan.actor)
    with pytest.raises(NotPossible, match="revoked"):
        passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    assert not LedgerEntry.objects.filter(kind="password.revealed").exists()


def test_it_is_refused_while_suspended_and_is_the_same_afterwards(scene: Scene) -> None:
    before = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    cause = lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="address", reason="")
    with pytest.raises(NotPossible, match="suspended"):
        passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=cause, reason="")
    assert passwords.reveal(grant=scene.grant, by=scene.alice.actor) == before
