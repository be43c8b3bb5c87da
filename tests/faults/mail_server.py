"""The mail server of the fault tests: on one port, working, gone, silent, refusing, or slow."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services.ports import free_port
from tests.services.smtp_sink import Received, SmtpSink


class _Slow(SmtpSink):
    """Takes a mail, and may keep the answer back until it is let go."""

    hold = False
    pause_at_recipient = 0.0
    taken = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        await asyncio.sleep(self.pause_at_recipient)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        self.taken += 1
        while self.hold:
            await asyncio.sleep(0.02)
        return answer


class MailServer:
    """One address at which a test decides what answers."""

    def __init__(self) -> None:
        self.port = free_port()
        self.sink = _Slow(port=self.port)
        self._controller: Controller | None = None

    @property
    def messages(self) -> list[Received]:
        """Return everything that was taken, in order, also what was taken without an answer."""
        return self.sink.messages

    def to(self, address: str) -> list[Received]:
        """Return what came for one person."""
        return self.sink.to(address)

    def start(self) -> None:
        """Listen."""
        self._controller = Controller(self.sink, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True)
        self._controller.start()

    def stop(self) -> None:
        """Listen no more: connections are refused."""
        self.sink.hold = False
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nothing listens."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Something listens and says nothing, as behind a broken firewall."""
        self.stop()
        held: list[socket.socket] = []
        listener = socket.create_server(("127.0.0.1", self.port))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(listener.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for connection in held:
                connection.close()
            thread.join(5)
            self.start()

    @contextmanager
    def refusing(self, address: str, answer: str) -> Iterator[None]:
        """It answers otherwise for one recipient."""
        self.sink.answers[address] = answer
        try:
            yield
        finally:
            del self.sink.answers[address]

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """It answers each recipient late."""
        self.sink.pause_at_recipient = seconds
        try:
            yield
        finally:
            self.sink.pause_at_recipient = 0.0

    @contextmanager
    def holding(self) -> Iterator[None]:
        """It takes the mail and does not say so."""
        self.sink.hold = True
        try:
            yield
        finally:
            self.sink.hold = False
