"""A mailbox of a test's own on the real server, and mails to put into it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agreements.mail.inbox.models import InboundMail, Mailbox
from tests.services.dovecot import Dovecot


@dataclass
class Box:
    """Somebody's mailbox, which the settings name."""

    server: Dovecot
    user: str = field(default_factory=lambda: f"box{secrets.token_hex(6)}")

    def place(self, *mails: bytes) -> None:
        """Put mails into the inbox, byte for byte."""
        self.server.place(*mails, user=self.user)

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many messages are in the inbox, in Processed and in Failed (-1: no such folder)."""
        return (self.count("INBOX"), self.count("Processed"), self.count("Failed"))

    def count(self, folder: str) -> int:
        """How many messages are in a folder."""
        return self.server.count(self.user, folder)

    @property
    def row(self) -> Mailbox:
        """The row of the mailbox."""
        return Mailbox.objects.get(name__startswith=f"{self.user}@")


def a_box(server: Dovecot, settings: Any, papers: Path) -> Box:
    """Return an empty mailbox, which the settings name, with a private store of its own."""
    box = Box(server)
    settings.VAULT_PAPERS = f"folder:{papers}"
    for name, value in server.settings(box.user).items():
        setattr(settings, name, value)
    return box


def mail(number: int = 0, *, subject: str = "GeneBody Agreement", body: str = "Please find it attached.") -> bytes:
    """Return a small message, another one for each number."""
    lines = [
        f"Message-ID: <{number}@connect.ust.hk>",
        "From: Alice <alice@connect.ust.hk>",
        "To: access@data.lab.example",
        f"Subject: {subject}",
        "Date: Mon, 23 Nov 2026 09:00:00 +0000",
        "",
        body,
        f"({number})",
        "",
    ]
    return "\r\n".join(lines).encode()


def taken() -> list[InboundMail]:
    """Return what was taken, oldest first."""
    return list(InboundMail.objects.order_by("pk"))
