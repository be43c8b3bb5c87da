"""One poller at a time: a lease on the mailbox's row, renewed while its holder works.

The lease of a killed poller runs out. It keeps pollers from getting into each other's way; that nothing is lost or
taken twice hangs on the order of their steps and on the table, not on it.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q

from agreements.core.clock import now
from agreements.mail.inbox.models import Mailbox

LASTS: Final = dt.timedelta(seconds=120)
"""Longer than any single step of the network may take, short enough to wait out."""
RENEWED_AFTER: Final = 10.0
"""Seconds after which a renewal is written; before that the lease is known to hold."""


class Lost(Exception):
    """The lease ran out and may be another poller's by now."""


@dataclass
class Lease:
    """A mailbox that this process alone works on."""

    mailbox: Mailbox
    token: str
    renewed: float = field(default_factory=time.monotonic)

    def renew(self) -> None:
        """Hold the mailbox for longer. Raises Lost."""
        if time.monotonic() - self.renewed < RENEWED_AFTER:
            return
        self.write()

    def write(self, **fields: Any) -> None:
        """Write fields of the mailbox, and hold it for longer. Raises Lost."""
        fields.setdefault("leased_until", now() + LASTS)
        if not Mailbox.objects.filter(pk=self.mailbox.pk, lease_token=self.token).update(**fields):
            raise Lost
        self.renewed = time.monotonic()

    def give_back(self, **fields: Any) -> None:
        """End the lease and write how it went, unless it was lost."""
        held = Mailbox.objects.filter(pk=self.mailbox.pk, lease_token=self.token)
        held.update(lease_token="", leased_until=None, **fields)


def take(mailbox: Mailbox) -> Lease | None:
    """Return the lease of a mailbox, or None while another poller holds it."""
    token = secrets.token_hex(16)
    free = Q(leased_until=None) | Q(leased_until__lte=now())
    taken = Mailbox.objects.filter(free, pk=mailbox.pk).update(lease_token=token, leased_until=now() + LASTS)
    return Lease(mailbox, token) if taken else None
