"""The token in the address of an invitation: a random nonce, and a tag over it and all that the invitation says.

The nonce is stored and the tag is derived, so a stolen database invites nobody; a row whose address, dataset or role
was changed has another tag.
"""

from __future__ import annotations

import re
import secrets as random
from typing import Final

from agreements.core import secrets

_TAG_BYTES: Final = 16
_TOKEN: Final = re.compile(r"(?P<nonce>[0-9a-f]{32})(?P<tag>[0-9a-f]{32})")


def new_nonce() -> str:
    """Return 128 random bits in hex."""
    return random.token_hex(16)


def token(nonce: str, *about: str, label: str, key_number: int) -> str:
    """Return what the mailed address carries: the nonce and its tag, 64 hex digits. Raises secrets.UnknownKey."""
    inputs = (item.encode() for item in about)
    tag = secrets.key_ring().derive(label, bytes.fromhex(nonce), *inputs, number=key_number, length=_TAG_BYTES)
    return nonce + tag.hex()


def nonce_of(text: str) -> str | None:
    """Return the nonce of something that looks like a token, or None. Whether the tag is right, `is_token` says."""
    parts = _TOKEN.fullmatch(text)
    return parts["nonce"] if parts else None


def is_token(text: str, *about: str, label: str, key_number: int) -> bool:
    """Return whether a text is the token of an invitation about these things; False where its key is gone."""
    nonce = nonce_of(text)
    if nonce is None:
        return False
    try:
        return secrets.same(text, token(nonce, *about, label=label, key_number=key_number))
    except secrets.UnknownKey:
        return False
