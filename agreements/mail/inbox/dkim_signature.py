"""One DKIM signature (RFC 6376): what it says, and what of a message it covers.

dkimpy chooses and canonicalizes the header fields. The rest of its verifier is not used: it takes its own clock, needs
another package for Ed25519, and its canonicalization of the body needs time with the square of a run of blanks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

import dkim
from django.utils.translation import gettext as _
from dkim.canonicalization import CanonicalizationPolicy

from agreements.mail.inbox.header_block import Field, HeaderBlock

ALGORITHMS: Final = frozenset({"rsa-sha256", "ed25519-sha256"})
_CANONICAL: Final = frozenset(
    {"simple", "relaxed", "simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"}
)
# dkimpy's expression for `b=` needs time with a power of a run of blanks; folding needs a line end and a few.
_MOST_BYTES: Final = 8_192
_LONGEST_BLANKS: Final = re.compile(rb"\s{40}")
_MOST_NAMES: Final = 200
_TAG: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_DOMAIN: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
_DIGITS: Final = re.compile(r"[0-9]{1,12}")


class Refused(Exception):
    """This signature proves nothing. `code` for programs, `words` for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class Signature:
    """`covered`: names of header fields in lower case, as often as they are signed. `identity_of`: the local part for
    which it is signed (`i=`), in lower case; empty if none is named. `signed_at` and `expires_at` in
    seconds since 1970."""

    field: Field
    domain: str
    selector: str
    identity_of: str
    identity_domain: str
    algorithm: str
    canonical: str
    covered: tuple[str, ...]
    body_digest: bytes
    value: bytes
    signed_at: int | None
    expires_at: int | None

    @property
    def key_name(self) -> str:
        """Return the name under which name servers have its key."""
        return f"{self.selector}._domainkey.{self.domain}"

    def covers_body(self, body: bytes) -> bool:
        """Return whether the body is the one that was signed."""
        relaxed = self.canonical.endswith("/relaxed")
        return hashlib.sha256(canonical_body(body, relaxed=relaxed)).digest() == self.body_digest

    def digest(self, block: HeaderBlock) -> bytes:
        """Return the SHA-256 of what the signature signs: the covered fields, and itself without its value."""
        # dkimpy has no types.
        policy: Any = CanonicalizationPolicy
        library: Any = dkim
        policy = policy.from_c_value(self.canonical.encode())
        fields = policy.canonicalize_headers([(one.written, one.value) for one in block.fields])
        hasher = hashlib.sha256()
        own = (self.field.written, self.field.value)
        library.hash_headers(hasher, policy, fields, [name.encode() for name in self.covered], own, {})
        return hasher.digest()


def tags_of(text: bytes) -> dict[str, str]:
    """Return the tags of a `tag=value; ...` list, with values as written but for blanks around them.

    Raises Refused if it is no such list or names a tag twice, of which verifiers would read either.
    """
    found: dict[str, str] = {}
    pieces = text.decode("ascii", "replace").split(";")
    if not pieces[-1].strip():
        pieces.pop()
    for piece in pieces:
        tag = _TAG.fullmatch(piece)
        if tag is None or tag[1] in found:
            raise _malformed()
        found[tag[1]] = tag[2].strip()
    return found


def read(field: Field) -> Signature:
    """Return what a DKIM-Signature field says. Raises Refused for what cannot prove anything, whatever the key."""
    if len(field.value) > _MOST_BYTES or _LONGEST_BLANKS.search(field.value):
        raise _malformed()
    tags = tags_of(field.value)
    if not {"v", "a", "b", "bh", "d", "h", "s"} <= tags.keys() or tags["v"] != "1":
        raise _malformed()
    if "l" in tags:
        raise Refused("length", _("Its signature leaves room for text to be added (l=)."))
    if tags["a"] not in ALGORITHMS:
        raise Refused("algorithm", _("It is signed by %(algorithm)s, which proves nothing.") % {"algorithm": tags["a"]})
    domain, selector = tags["d"].lower(), tags["s"].lower()
    covered = tuple(name.strip().lower() for name in tags["h"].split(":"))
    if not _DOMAIN.fullmatch(domain) or not _DOMAIN.fullmatch(selector) or len(covered) > _MOST_NAMES:
        raise _malformed()
    if tags.get("q", "dns/txt") != "dns/txt" or tags.get("c", "simple") not in _CANONICAL or "from" not in covered:
        raise _malformed()
    canonical = tags.get("c", "simple")
    identity_of, identity_domain = _identity(tags, domain)
    return Signature(
        field=field,
        domain=domain,
        selector=selector,
        identity_of=identity_of,
        identity_domain=identity_domain,
        algorithm=tags["a"],
        canonical=canonical if "/" in canonical else canonical + "/simple",
        covered=covered,
        body_digest=_base64(tags["bh"]),
        value=_base64(tags["b"]),
        signed_at=_seconds(tags.get("t")),
        expires_at=_seconds(tags.get("x")),
    )


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """Return a body, of which every line ends with CRLF, as it is hashed (RFC 6376 sections 3.4.3 and 3.4.4).

    Takes time linear in its length.
    """
    if relaxed:
        # Blanks before a line end go, others become one: in this order each expression passes once over the bytes.
        body = re.sub(rb"[ \t]+", b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    body = body.rstrip(b"\r\n")
    return body + b"\r\n" if body or not relaxed else b""


def _identity(tags: dict[str, str], domain: str) -> tuple[str, str]:
    of, _at, identity = tags.get("i", "@" + domain).lower().rpartition("@")
    if identity != domain and not identity.endswith("." + domain):
        raise Refused("identity", _("It is signed for a name outside of %(domain)s.") % {"domain": domain})
    # RFC 6376 section 2.11: what is no plain character of an address is written `=2B`.
    return re.sub(r"=([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), of), identity


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise _malformed()
    return int(text)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError):
        raise _malformed() from None


def _malformed() -> Refused:
    return Refused("malformed", _("Its signature is not written as the standard says."))
