"""Free loopback ports below the ephemeral range, from which the system hands out client ports."""

from __future__ import annotations

import os
import random
import socket

_choice = random.Random(os.getpid())


def free_port(*, low: int = 15_000, high: int = 22_000, also: int | None = None) -> int:
    """Return a port that nobody listens on; with `also`, the port that much higher is free too."""
    for _ in range(200):
        port = _choice.randrange(low, high)
        if _is_free(port) and (also is None or _is_free(port + also)):
            return port
    raise OSError(f"no free port between {low} and {high}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
