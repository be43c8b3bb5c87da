"""Asking a timestamp server (RFC 3161, 3.4), which is believed as little as any stranger: it answers in time or not.

It is asked directly, never where it points to: a redirection would have us post to whatever address it likes.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import unquote, urlsplit

from asn1crypto import tsp
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

LARGEST: Final = 64 * 1024
"""Bytes of an answer. One with a chain of four certificates has 8 kB."""


class TimestampClient(TimeStamper):
    """A client that has its answer within `patience` seconds of asking, or gives up and leaves nothing running."""

    def __init__(self, url: str, *, patience: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address of a timestamp server begins with https:// or http://")
        self._is_tls, self._host = parts.scheme == "https", parts.hostname
        self._port = parts.port or (443 if self._is_tls else 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._patience = patience
        self._headers = {
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
            "Connection": "close",
        }
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return what the server answers. Raises TimestampRequestError, or ValueError for what is no answer.

        It blocks: whoever certifies has a loop for this alone.
        """
        try:
            answer = self._answer(req.dump())  # type: ignore[no-untyped-call]
        except (OSError, HTTPException) as failure:
            raise TimestampRequestError(type(failure).__name__) from failure
        found: tsp.TimeStampResp = tsp.TimeStampResp.load(answer, strict=True)  # type: ignore[no-untyped-call]
        return found

    def _answer(self, asked: bytes) -> bytes:
        with self._connected() as connection:
            connection.request("POST", self._target, asked, self._headers)
            with connection.getresponse() as response:
                if response.status != 200:
                    raise TimestampRequestError(f"status {response.status}")
                if response.headers.get_content_type() != "application/timestamp-reply":
                    raise TimestampRequestError("another type of content")
                answer = response.read(LARGEST + 1)
        if len(answer) > LARGEST:
            raise TimestampRequestError("too long an answer")
        return answer

    @contextlib.contextmanager
    def _connected(self) -> Iterator[HTTPConnection]:
        """Yield a connection that is cut when the patience is over, whatever drips through it meanwhile."""
        until = time.monotonic() + self._patience
        sock = socket.create_connection((self._host, self._port), timeout=self._patience)
        connection = HTTPConnection(self._host, self._port)
        if self._is_tls:
            context = ssl.create_default_context()
            connection = HTTPSConnection(self._host, self._port, context=context)
            # The handshake waits for the clock below: it can be dragged out as any answer can.
            sock = context.wrap_socket(sock, server_hostname=self._host, do_handshake_on_connect=False)
        clock = threading.Timer(max(0.0, until - time.monotonic()), _cut, [sock])
        clock.daemon = True
        clock.start()
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection.sock = sock
            yield connection
        finally:
            clock.cancel()
            connection.close()
            sock.close()


def _cut(sock: socket.socket) -> None:
    """End both directions of a connection: whoever reads from it in another thread comes to its end at once."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
