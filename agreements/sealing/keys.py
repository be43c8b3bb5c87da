"""A member's salt and the three keys made from it and the password."""

import hmac
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from agreements.sealing.framing import framed

SALT_BYTES = 16
"""For AES-256 (WinZip AES note, "salt value")."""
VERIFIER_BYTES = 2
KEY_BYTES = 32
ROUNDS = 1000
"""Fixed by the WinZip AES note. The password's 100 random bits make up for the small number."""


@dataclass(frozen=True, slots=True)
class MemberKeys:
    """Keys of one member: AES-256 key, HMAC-SHA1 key, and the two bytes by which tools refuse a wrong password."""

    aes: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    verifier: bytes = field(repr=False)

    @classmethod
    def of(cls, derived: bytes) -> Self:
        return cls(derived[:KEY_BYTES], derived[KEY_BYTES : 2 * KEY_BYTES], derived[2 * KEY_BYTES :])


def salt_for(salt_key: bytes, archive_digest: bytes, member_number: int) -> bytes:
    """The 16-byte salt of a member: HMAC-SHA256(salt key, archive digest, number), cut.

    The digest is of the bytes to be encrypted, so that one keystream never meets two contents. Both inputs
    are length-prefixed (4 bytes, big-endian); the number has 8 bytes, big-endian.
    """
    return hmac.digest(salt_key, salt_message(archive_digest, member_number), "sha256")[:SALT_BYTES]


def salt_message(archive_digest: bytes, member_number: int) -> bytes:
    """What ``salt_for`` hashes under the salt key: `trace` hashes the same for a million keys."""
    return framed(archive_digest, member_number.to_bytes(8, "big"))


def password_bytes(password: str) -> bytes:
    """The password as it enters PBKDF2: its ASCII characters, dashes included.

    Raises ValueError for an empty or non-ASCII password, which tools encode differently from each other.
    """
    if not password or not password.isascii() or not password.isprintable():
        raise ValueError("An archive's password must be printable ASCII and not empty.")
    return password.encode("ascii")


def member_keys(password: bytes, salt: bytes) -> MemberKeys:
    """PBKDF2-HMAC-SHA1, 1000 rounds, 66 bytes (WinZip AES note, "key generation"). Takes about half a millisecond.

    OpenSSL through ``cryptography`` needs half the time of ``hashlib``; both let other threads run meanwhile.
    """
    length = 2 * KEY_BYTES + VERIFIER_BYTES
    return MemberKeys.of(PBKDF2HMAC(hashes.SHA1(), length, salt, ROUNDS).derive(password))  # noqa: S303
