"""What mail tells the record, which it does not know: whoever is registered writes it down, in its transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from agreements.core.actors import Actor


class What(StrEnum):
    SENT_AGAIN = "sent again"
    ADDRESS_DEAD = "address dead"
    ADDRESS_LIVES = "address lives"


@dataclass(frozen=True, slots=True)
class Told:
    """`detail` is the mail's kind, the status with which mail came back, or why an address is taken up again."""

    what: What
    detail: str
    address: str
    reference: str
    by: Actor
    as_role: str


_listeners: dict[str, Callable[[Told], None]] = {}


def register(name: str, listener: Callable[[Told], None]) -> None:
    """Have a listener told of everything; registering the name again replaces it."""
    _listeners[name] = listener


def tell(told: Told) -> None:
    """Tell every listener, within the transaction of what happened; what one raises undoes that."""
    for listener in _listeners.values():
        listener(told)
