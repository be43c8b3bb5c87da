"""Short references that people read aloud: `GB-A-7K2F9M`."""

from __future__ import annotations

import secrets
from typing import Final

# Crockford's base32 without 0, 1 and without the vowels I, O, U: nothing to confuse, nothing to spell.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 6

APPLICATION: Final = "A"
GRANT: Final = "G"
REVOCATION: Final = "R"


def new_reference(*, prefix: str, kind: str) -> str:
    """Return a fresh random reference; the caller's unique constraint settles the rare collision."""
    return f"{prefix}-{kind}-" + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
