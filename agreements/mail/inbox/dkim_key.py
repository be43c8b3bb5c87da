"""The public key of a DKIM signature, as its domain publishes it (RFC 6376 section 3.6, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.utils.translation import gettext as _

from agreements.mail import dns
from agreements.mail.inbox.dkim_signature import Refused, Signature, tags_of

# RFC 8301 lets verifiers take 1024 bits, which many universities still use; below that keys have been broken at home.
FEWEST_BITS: Final = 1024
MOST_BITS: Final = 8192
_MOST_RECORD: Final = 4_000


@dataclass(frozen=True, slots=True)
class PublicKey:
    key: rsa.RSAPublicKey | ed25519.Ed25519PublicKey

    @property
    def words(self) -> str:
        """Return what kind of key it is: `RSA, 2048 bits`."""
        return f"RSA, {self.key.key_size} bits" if isinstance(self.key, rsa.RSAPublicKey) else "Ed25519"

    def verifies(self, signature: bytes, digest: bytes) -> bool:
        """Return whether the signature of a SHA-256 digest holds."""
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
            else:
                self.key.verify(signature, digest)
        except InvalidSignature:
            return False
        return True


def fetch(signature: Signature, *, organization: str) -> PublicKey:
    """Return the key that the signature names. Raises Refused if it may not be used, dns.NoAnswer if nobody knows.

    `organization`: whose servers are left alone for a while when they do not answer.
    """
    records = [
        one
        for one in dns.txts(signature.key_name, of=organization)
        if re.search(r"(?:^|;)\s*p\s*=", one[:_MOST_RECORD])
    ]
    where = {"name": signature.key_name}
    if not records:
        raise Refused("key-missing", _("There is no key at %(name)s.") % where)
    if len(records) > 1:
        raise Refused("key-several", _("There are several keys at %(name)s.") % where)
    try:
        tags = tags_of(records[0][:_MOST_RECORD].encode("ascii"))
    except (Refused, UnicodeError):
        raise _unusable(signature) from None
    _check_use(signature, tags)
    return PublicKey(_key(signature, tags))


def _check_use(signature: Signature, tags: dict[str, str]) -> None:
    flags = {one.strip() for one in tags.get("t", "").split(":")}
    services = {one.strip() for one in tags.get("s", "*").split(":")}
    digests = {one.strip() for one in tags.get("h", "sha256").split(":")}
    if not tags["p"]:
        raise Refused("key-revoked", _("%(domain)s has withdrawn the key.") % {"domain": signature.domain})
    if "y" in flags:
        raise Refused("key-testing", _("%(domain)s says that it only tests its keys.") % {"domain": signature.domain})
    if "s" in flags and signature.identity_domain != signature.domain:
        raise Refused("identity", _("The key is not for names below %(domain)s.") % {"domain": signature.domain})
    usable = tags.get("v", "DKIM1") == "DKIM1" and services & {"*", "email"} and "sha256" in digests
    if not usable or f"{tags.get('k', 'rsa')}-sha256" != signature.algorithm:
        raise _unusable(signature)


def _key(signature: Signature, tags: dict[str, str]) -> rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    try:
        raw = base64.b64decode(re.sub(r"\s+", "", tags["p"]), validate=True)
        if signature.algorithm == "ed25519-sha256":
            return ed25519.Ed25519PublicKey.from_public_bytes(raw)
        key = load_der_public_key(raw)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise _unusable(signature) from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise _unusable(signature)
    if not FEWEST_BITS <= key.key_size <= MOST_BITS:
        raise Refused("key-size", _("Keys of %(bits)s bits prove nothing.") % {"bits": key.key_size})
    return key


def _unusable(signature: Signature) -> Refused:
    return Refused("key-unusable", _("The key at %(name)s cannot be used.") % {"name": signature.key_name})
