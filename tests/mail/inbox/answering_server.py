"""A server that answers IMAP as a test tells it to: for what no real server says on request."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.services.ports import free_port


@dataclass
class AnsweringServer:
    """`answers`: a pattern for a command -> what comes before its OK; None: silence; b"NO why", b"BAD why": refused."""

    port: int
    answers: dict[str, bytes | None] = field(default_factory=dict)
    greeting: bytes = b"* OK ready\r\n"
    asked: list[str] = field(default_factory=list)

    def answer(self, connection: socket.socket) -> None:
        """Talk with one client until it leaves."""
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            connection.sendall(self.greeting)
            for line in lines:
                tag, _, command = line.decode("latin-1").strip().partition(" ")
                self.asked.append(command)
                said = self._to(command)
                if said is None:
                    continue
                if said.startswith((b"NO", b"BAD")):
                    connection.sendall(tag.encode() + b" " + said + b"\r\n")
                else:
                    connection.sendall(said + tag.encode() + b" OK done\r\n")

    def _to(self, command: str) -> bytes | None:
        known = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE\r\n",
            "SELECT": b"* 3 EXISTS\r\n",
            "LIST": b'* LIST () "/" x\r\n',
        }
        for pattern, said in (known | self.answers).items():
            if re.match(pattern, command):
                return said
        return b""


@contextmanager
def running(**options: bytes) -> Iterator[AnsweringServer]:
    """Start a server on a free port of 127.0.0.1 and stop it at the end."""
    server = AnsweringServer(free_port(), greeting=options.get("greeting", AnsweringServer.greeting))
    listening = socket.create_server(("127.0.0.1", server.port))
    clients: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _address = listening.accept()
                clients.append(client)
                threading.Thread(target=server.answer, args=(client,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for client in clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        thread.join(5)
