"""The token in a link's address: the link's random id and a tag derived from it, both as lower-case hex.

Hex, because a mail program that finds the address by itself cuts trailing punctuation, and because one spelling
is the only spelling: a changed character is another id or another tag.
"""

from __future__ import annotations

import re
from typing import Final

from agreements.core.secrets import LINK, key_ring, same
from agreements.grants.models import Link

ID_DIGITS: Final = 32
TAG_BYTES: Final = 16
_TOKEN: Final = re.compile(r"[0-9a-f]{64}")


def token(link: Link) -> str:
    """Return the token of a link, 64 hex digits. Raises core.secrets.UnknownKey."""
    return link.link_id + _tag(link.link_id, link.key_number)


def read(text: str) -> tuple[str, int] | None:
    """Return (link id, key number) of a token that one of our keys made, else None.

    The tag is checked against every key before the database is asked for anything, so whoever has no key learns
    nothing from the time it takes: a wrong tag and an unknown id are the same case.
    """
    if not _TOKEN.fullmatch(text):
        return None
    link_id, tag = text[:ID_DIGITS], text[ID_DIGITS:]
    found = [number for number in key_ring().numbers if same(_tag(link_id, number), tag)]
    return (link_id, found[0]) if found else None


def _tag(link_id: str, key_number: int) -> str:
    return key_ring().derive(LINK, bytes.fromhex(link_id), number=key_number, length=TAG_BYTES).hex()
