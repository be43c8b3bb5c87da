"""Payloads that fit their kind."""

from __future__ import annotations

from typing import Any

from agreements.ledger.kinds import Kind
from agreements.ledger.payloads import PAYLOADS


def sample(kind: Kind) -> dict[str, Any]:
    """Return a payload with the example of each field's type."""
    return {name: type_.example for name, type_ in PAYLOADS[kind].items()}
