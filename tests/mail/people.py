"""Shorthand for queueing mail to the people of the tests."""

from __future__ import annotations

import datetime as dt

from agreements.mail import outbox
from agreements.mail.models import OutboxMessage

ALICE = "alice@connect.hku.hk"
BOB = "bob@connect.hku.hk"


def write(
    recipient: str = ALICE, *, reference: str = "GB-A-7K2F9M", number: int = 0, deadline: dt.datetime | None = None
) -> OutboxMessage:
    """Queue one letter."""
    return outbox.queue(
        kind="letter",
        recipient=recipient,
        language="en",
        reference=reference,
        values={"number": number} if number else {},
        deadline=deadline,
    )
