"""Short references that people read aloud: `GB-A-7K2F9M`."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Crockford's base32 without 0, 1 and without the vowels I, O, U: nothing to confuse, nothing to spell.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 6

APPLICATION: Final = "A"
GRANT: Final = "G"
REVOCATION: Final = "R"


def new_reference(*, prefix: str, kind: str) -> str:
    """Return a fresh random reference; see `free_reference` for one that is not taken."""
    return f"{prefix}-{kind}-" + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def free_reference(rows: QuerySet[Any], *, prefix: str, kind: str) -> str:
    """Return a reference that no row has: a clash would undo the whole act that asked for it."""
    while rows.filter(reference=(reference := new_reference(prefix=prefix, kind=kind))).exists():
        pass
    return reference
