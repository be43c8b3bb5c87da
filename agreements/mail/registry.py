"""Message kinds: who renders a kind of mail, and whether it is still true when its turn comes.

The owner of a kind registers it at start-up, so that mail knows no domain model.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agreements.mail.models import OutboxMessage
from agreements.mail.rendering import Rendered

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["MessageKind", "Rendered", "find", "register"]


@dataclass(frozen=True, slots=True)
class MessageKind:
    """One kind of mail.

    `title` says in a few words what it tells, for lists; a mail that was sent shows its own subject instead.
    `render` is called just before sending, in the recipient's language. `still_true` returning False marks the
    mail as superseded. `on_sent` is told the moment of the first acceptance (links start their lifetime then).
    """

    name: str
    render: Callable[[OutboxMessage], Rendered]
    still_true: Callable[[OutboxMessage], bool] | None = None
    on_sent: Callable[[OutboxMessage, dt.datetime], None] | None = None
    resendable: bool = True
    title: StrOrPromise = ""


_kinds: dict[str, MessageKind] = {}


def register(kind: MessageKind) -> None:
    """Make a kind known; registering the name again replaces it."""
    _kinds[kind.name] = kind


def find(name: str) -> MessageKind | None:
    """Return the kind, or None where this process does not know it (an older worker during an update)."""
    return _kinds.get(name)
