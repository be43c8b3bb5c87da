"""The life of a grant, as a table. docs/states.md is generated from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from agreements.grants.models import GrantState


class Step(StrEnum):
    """What can be done to a grant that may change its state."""

    SUSPEND = "suspend"
    RESUME = "resume"
    EXPIRE = "expire"
    REVOKE = "revoke"


# A suspension is a row with a cause: a further cause leaves the state, and a resumed one does so while others are
# open. Nothing leaves `revoked`; nothing yet leaves `expired` but a revocation.
TRANSITIONS: Final[Mapping[tuple[GrantState, Step], GrantState]] = {
    (GrantState.ACTIVE, Step.SUSPEND): GrantState.SUSPENDED,
    (GrantState.SUSPENDED, Step.SUSPEND): GrantState.SUSPENDED,
    (GrantState.SUSPENDED, Step.RESUME): GrantState.ACTIVE,
    (GrantState.ACTIVE, Step.EXPIRE): GrantState.EXPIRED,
    (GrantState.SUSPENDED, Step.EXPIRE): GrantState.EXPIRED,
    (GrantState.ACTIVE, Step.REVOKE): GrantState.REVOKED,
    (GrantState.SUSPENDED, Step.REVOKE): GrantState.REVOKED,
    (GrantState.EXPIRED, Step.REVOKE): GrantState.REVOKED,
}


def next_state(state: str, step: Step) -> GrantState | None:
    """Return where a step leads from a state, or None where it cannot be taken."""
    return TRANSITIONS.get((GrantState(state), step))
