"""The life of an application, as a table. docs/states.md is generated from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from agreements.applications.models import State


class Step(StrEnum):
    """What can be done to an application that changes its state."""

    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = {
    (State.DRAFT, Step.SUBMIT): State.SUBMITTED,
    (State.RETURNED, Step.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Step.APPROVE): State.APPROVED,
    (State.SUBMITTED, Step.RETURN): State.RETURNED,
    (State.SUBMITTED, Step.DECLINE): State.DECLINED,
    (State.DRAFT, Step.WITHDRAW): State.WITHDRAWN,
    (State.SUBMITTED, Step.WITHDRAW): State.WITHDRAWN,
    (State.RETURNED, Step.WITHDRAW): State.WITHDRAWN,
    (State.DRAFT, Step.LAPSE): State.LAPSED,
    (State.RETURNED, Step.LAPSE): State.LAPSED,
}

EDITABLE: Final = frozenset({State.DRAFT, State.RETURNED})
RUNNING: Final = frozenset({State.DRAFT, State.SUBMITTED, State.RETURNED})


def next_state(state: str, step: Step) -> State | None:
    """Return where a step leads from a state, or None where it cannot be taken."""
    return TRANSITIONS.get((State(state), step))
