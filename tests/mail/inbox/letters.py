"""Messages as researchers send them, and signatures with real keys, for all tests about mail that comes in.

    raw = letters.signed(letters.write(attachments=[("form.pdf", "application/pdf", pdf)]))
    with dns.using(letters.ZONE):
        proof.examine(raw, our_addresses=[letters.OURS], at=letters.NOON)

`write` makes the message, `signed` puts a DKIM signature on top; both return bytes with CRLF. The signer is not the
verifier's code, so that each shows the other's mistakes.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import Any, Final, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from dkim.canonicalization import CanonicalizationPolicy

from agreements.mail.dns import Failing

NOON: Final = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
OURS: Final = "agreements@portal.example.org"
ALICE: Final = "Alice Chan <alice@connect.ust.hk>"
SIGNED_FIELDS: Final = ("from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type")

Attachment = tuple[str, str, bytes]
"""File name, type as `application/pdf`, content."""


@dataclass(frozen=True)
class Key:
    """A signing key of a domain, and the record that publishes it."""

    domain: str
    selector: str
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    @property
    def name(self) -> str:
        """Return the name under which the key is asked for."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """Return the TXT record."""
        public = self.private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"

    def sign(self, digest: bytes, algorithm: str = "") -> bytes:
        """Return the signature of a digest."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(digest)
        used = hashes.SHA1() if algorithm == "rsa-sha1" else hashes.SHA256()
        return self.private.sign(digest, padding.PKCS1v15(), Prehashed(used))


@cache
def key(
    domain: str = "connect.ust.hk", selector: str = "s1", *, kind: Literal["rsa", "ed25519"] = "rsa", bits: int = 2048
) -> Key:
    """Return a domain's key, the same one for the whole run."""
    return Key(domain, selector, _rsa(bits) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate())


@cache
def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def zone(*keys: Key) -> dict[tuple[str, str], Sequence[str] | Failing]:
    """Return what name servers say of these keys."""
    return {(one.name, "TXT"): [one.record] for one in keys}


def write(
    *,
    sender: str = ALICE,
    to: str | None = OURS,
    cc: str | None = None,
    subject: str | None = "GeneBody Agreement",
    text: str = "Dear all,\n\nplease find the signed agreement.\n\nAlice Chan\n",
    attachments: Sequence[Attachment] = (),
    date: dt.datetime | None = NOON,
    message_id: str | None = "<1@connect.ust.hk>",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return an unsigned message; None leaves a field out, `headers` are added at its end."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    fields = {"To": to, "Cc": cc, "Subject": subject, "Date": date and format_datetime(date), "Message-ID": message_id}
    for name, value in (fields | dict(headers or {})).items():
        if value is not None:
            message[name] = value
    message.set_content(text, cte="quoted-printable")
    for name, kind, data in attachments:
        maintype, _slash, subtype = kind.partition("/")
        message.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)
    return message.as_bytes()


def signed(
    raw: bytes,
    by: Key | None = None,
    *,
    fields: Sequence[str] = SIGNED_FIELDS,
    canonical: str = "relaxed/relaxed",
    at: dt.datetime | None = NOON,
    tags: Mapping[str, str | None] | None = None,
) -> bytes:
    """Return the message with a signature on top.

    `fields` of which the message has none are signed as absent. `tags` replace or add tags (None takes one away)
    before signing; an `l` cuts what of the body is hashed.
    """
    by = by or key()
    changed = dict(tags or {})
    policy: Any = CanonicalizationPolicy
    policy = policy.from_c_value((changed.get("c") or canonical).encode())
    head, _blank, body = raw.partition(b"\r\n\r\n")
    covered: bytes = policy.canonicalize_body(body)
    if changed.get("l") is not None:
        covered = covered[: int(changed["l"] or 0)]
    algorithm = changed.get("a") or by.algorithm
    digest = hashlib.sha1 if algorithm == "rsa-sha1" else hashlib.sha256
    values: dict[str, str | None] = {
        "v": "1",
        "a": algorithm,
        "c": canonical,
        "d": by.domain,
        "s": by.selector,
        "t": str(int(at.timestamp())) if at else None,
        "h": ":".join(fields),
        "bh": base64.b64encode(digest(covered).digest()).decode(),
    } | changed
    written = "; ".join(f"{name}={value}" for name, value in values.items() if value is not None)
    own = (b"DKIM-Signature", f" {written};\r\n\tb=".encode())
    chosen = _chosen(_fields(head), str(values["h"]))
    hashed = b"".join(name + b":" + value for name, value in policy.canonicalize_headers(chosen))
    [(name, value)] = policy.canonicalize_headers([(own[0], own[1] + b"\r\n")])
    hashed += name + b":" + value.removesuffix(b"\r\n")
    signature = base64.b64encode(by.sign(digest(hashed).digest(), algorithm))
    folded = b"\r\n\t ".join(re.findall(rb".{1,70}", signature))
    return own[0] + b":" + own[1] + folded + b"\r\n" + raw


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    lines = re.split(rb"\r\n(?![ \t])", head)
    return [(name, value + b"\r\n") for name, _colon, value in (line.partition(b":") for line in lines)]


def _chosen(present: list[tuple[bytes, bytes]], named: str) -> list[tuple[bytes, bytes]]:
    """Return the fields in the order of `h=`, each name's from the last upwards (RFC 6376 section 5.4.2)."""
    left = list(present)
    found = []
    for name in named.split(":"):
        for index in range(len(left) - 1, -1, -1):
            if left[index][0].strip().lower() == name.strip().lower().encode():
                found.append(left.pop(index))
                break
    return found


ZONE: Final = zone(key(), key(selector="ed", kind="ed25519"), key("evil.example"))
"""The keys of Alice's domain and of a stranger's."""
