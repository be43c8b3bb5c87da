"""Free ports, and short folders for sockets."""

from __future__ import annotations

import random
import socket
import tempfile
from pathlib import Path

# Below Linux's ephemeral range (from 32768), so that no outgoing connection takes the port before its owner does.
LOWEST, HIGHEST = 20000, 32000
# A unix socket's path is limited to 108 bytes on Linux and 104 on macOS.
SOCKET_PATH_LIMIT = 100


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on. Raises OSError when a hundred tries find none."""
    for _ in range(100):
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311 - not a secret
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"found no free port on {host} between {LOWEST} and {HIGHEST}")


def short_folder(prefix: str = "cs-") -> Path:
    """Return a new private folder whose path leaves room for a socket's name."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if len(str(folder).encode()) + 20 <= SOCKET_PATH_LIMIT:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
