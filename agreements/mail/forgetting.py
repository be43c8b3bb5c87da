"""Forgetting mails that hold nothing but an address that anybody may have typed."""

from __future__ import annotations

import datetime as dt
from typing import Final

from agreements.core.clock import now
from agreements.mail.models import MessageState, OutboxMessage

CODE_KINDS: Final = ("sign-in-code", "fresh-code", "address-code", "moving-code")
KEPT_FOR: Final = dt.timedelta(days=1)


def forget_codes() -> int:
    """Delete what tells of mailed codes once it is older than a day; return how many rows went."""
    old = OutboxMessage.objects.filter(kind__in=CODE_KINDS, created_at__lt=now() - KEPT_FOR)
    return old.exclude(state=MessageState.QUEUED).delete()[0]
