"""The connection under a download: how much may wait in it, and its end when access ends.

A server may hand over the socket on which it answers (gunicorn: `gunicorn.socket` in the WSGI environment). Without
one a cut still ends the stream; what the kernel holds then drains at the client's pace.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Final

UNSENT: Final = 128 * 1024
"""Bytes of a download that may wait unsent in our send buffer. Those under way are not limited: the round trip of a
distant client decides how many there must be."""
NOTHING_TAKEN: Final = 300
"""Seconds after which a client that takes nothing is let go: it holds a thread, and may come back for the rest."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Connection:
    """What a server handed over, if anything."""

    def __init__(self, handle: object = None) -> None:
        self._socket = handle if isinstance(handle, socket.socket) else None

    def prepare(self) -> None:
        """Set the limits of a download. Each is left out where the system has none."""
        self._set("TCP_NOTSENT_LOWAT", UNSENT)
        self._set("TCP_USER_TIMEOUT", NOTHING_TAKEN * 1000)

    def reset(self) -> None:
        """Break the connection: whoever waits to send wakes with an error, and what was not yet sent is dropped.

        The socket is left to the server to close; closing it is what sends the reset. A client for whom nothing was
        left to send sees the connection end before that, short of the promised length.
        """
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._socket.shutdown(socket.SHUT_RDWR)

    def _set(self, option: str, value: int) -> None:
        number = getattr(socket, option, None)
        if self._socket is None or number is None:
            return
        with contextlib.suppress(OSError):  # a unix socket, or a client that has already left
            self._socket.setsockopt(socket.IPPROTO_TCP, number, value)
