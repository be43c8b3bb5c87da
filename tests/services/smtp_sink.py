"""A real SMTP server for tests: keeps every mail as it came, and refuses by the recipient's name.

`perm...@` is answered with 550, `tempfail...@` with 451.
"""

from __future__ import annotations

import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services.ports import free_port


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Return the mail parsed by the standard library."""
        parsed = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """Return the plain text body."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        """Return the HTML body."""
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())


@dataclass
class SmtpSink:
    """`answers` maps a recipient to the answer it gets instead; `after_data` answers the mail itself."""

    host: str = "127.0.0.1"
    port: int = 0
    messages: list[Received] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 accepted"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, recipient: str) -> list[Received]:
        """Return what came for a recipient, in order."""
        return [one for one in self.messages if recipient in one.recipients]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        if address.startswith("perm"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("tempfail"):
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.after_data.startswith("250"):
            return self.after_data
        content = envelope.original_content
        assert content is not None
        with self._lock:
            self.messages.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return self.after_data


@contextmanager
def running(sink: SmtpSink | None = None) -> Iterator[SmtpSink]:
    """Start a sink (one of another kind, if given) on a free port of 127.0.0.1 and stop it at the end."""
    sink = sink or SmtpSink()
    sink.port = free_port()
    controller = Controller(sink, hostname=sink.host, port=sink.port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
