"""The life of a grant, as a table. docs/states.md is generated from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from agreements.grants.models import GrantState

NOT_ENDED: Final = frozenset({GrantState.ACTIVE, GrantState.SUSPENDED})
"""The states of access that has not ended. Whether it opens anything at this moment is asked of `running.py`."""


class Step(StrEnum):
    """What can be done to a grant that may change its state."""

    SUSPEND = "suspend"
    RESUME = "resume"
    EXPIRE = "expire"
    RENEW = "renew"
    CLOSE = "close"
    REVOKE = "revoke"


# A suspension is a row with a cause: a further cause leaves the state, and a resumed one does so while others are
# open. Closing the last cause of an access whose time ran out meanwhile leaves it expired; then it may be renewed.
# A suspended one may not: what it is suspended for is settled first. An expired one is suspended too, so that it is
# not renewed meanwhile; it stays expired. Nothing leaves `revoked`.
TRANSITIONS: Final[Mapping[tuple[GrantState, Step], GrantState]] = {
    (GrantState.ACTIVE, Step.SUSPEND): GrantState.SUSPENDED,
    (GrantState.SUSPENDED, Step.SUSPEND): GrantState.SUSPENDED,
    (GrantState.EXPIRED, Step.SUSPEND): GrantState.EXPIRED,
    (GrantState.SUSPENDED, Step.RESUME): GrantState.ACTIVE,
    (GrantState.EXPIRED, Step.RESUME): GrantState.EXPIRED,
    (GrantState.ACTIVE, Step.EXPIRE): GrantState.EXPIRED,
    (GrantState.SUSPENDED, Step.EXPIRE): GrantState.EXPIRED,
    (GrantState.ACTIVE, Step.RENEW): GrantState.ACTIVE,
    (GrantState.EXPIRED, Step.RENEW): GrantState.ACTIVE,
    (GrantState.ACTIVE, Step.CLOSE): GrantState.EXPIRED,
    (GrantState.SUSPENDED, Step.CLOSE): GrantState.EXPIRED,
    (GrantState.EXPIRED, Step.CLOSE): GrantState.EXPIRED,
    (GrantState.ACTIVE, Step.REVOKE): GrantState.REVOKED,
    (GrantState.SUSPENDED, Step.REVOKE): GrantState.REVOKED,
    (GrantState.EXPIRED, Step.REVOKE): GrantState.REVOKED,
}


def next_state(state: str, step: Step) -> GrantState | None:
    """Return where a step leads from a state, or None where it cannot be taken."""
    return TRANSITIONS.get((GrantState(state), step))
