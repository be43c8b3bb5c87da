"""A TCP proxy that fails on purpose: cuts, refuses, falls silent, or changes the heads of answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)
_BODY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your rate.</Message></Error>"
SLOW_DOWN %= (len(_BODY), _BODY)
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HALF_A_HEAD = b"HTTP/1.1 206 Partial Content\r\nContent-Le"


class CuttingProxy:
    """Everything passes unless told otherwise.

    `cut_after`: bytes of an answer after which its connection is cut. `instead`: answers that the next connections'
    GETs get in place of the server's. `silent`: requests are swallowed. `change`: is given the piece of an answer that
    begins with its head, and returns what is sent.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.cut_after: int | None = None
        self.instead: list[bytes] = []
        self.silent = False
        self.change: Callable[[bytes], bytes] | None = None
        self.cuts = 0
        self.gets = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                is_get = data.startswith(b"GET ")
                self.gets += is_get
                if self.silent:
                    continue
                if is_get and self.instead:
                    client.sendall(self.instead.pop(0))
                    self.cuts += 1
                    break
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := server.recv(65536):
                if self.change is not None and data.startswith(b"HTTP/1.1 "):
                    data = self.change(data)
                limit = self.cut_after
                if limit is not None and passed + len(data) > limit:
                    client.sendall(data[: limit - passed])
                    self.cuts += 1
                    break
                client.sendall(data)
                passed += len(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def cutting(target_port: int) -> Iterator[CuttingProxy]:
    """Run the proxy in front of a port of this machine."""
    proxy = CuttingProxy(target_port)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(timeout=5)
