"""What is hashed, and how. A verifier elsewhere needs only this page and the standard library."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

GENESIS: Final = "0" * 64


def entry_hash(body: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the canonical JSON of what `canonical` made of an entry."""
    return sha256(as_json(body).encode()).hexdigest()


def canonical(
    *,
    sequence: int,
    at: dt.datetime,
    actor: str,
    role: str,
    kind: str,
    subjects: Mapping[str, str],
    payload: Mapping[str, Any],
    previous_hash: str,
) -> dict[str, Any]:
    """Return what is hashed of an entry: everything but its own hash; the time as UTC with microseconds."""
    return {
        "sequence": sequence,
        "at": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor": actor,
        "role": role,
        "kind": kind,
        "subjects": dict(subjects),
        "payload": dict(payload),
        "previous_hash": previous_hash,
    }


def as_json(body: Mapping[str, Any]) -> str:
    """Return canonical JSON: sorted keys, no spaces, characters as they are (to be encoded as UTF-8)."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
