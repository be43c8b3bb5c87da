"""A client that costs little: keeps connections open, asks a path on each again and again, counts the answers."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Sequence


def rate(port: int, paths: Sequence[str], *, status: int, seconds: float, connections: int = 4) -> float:
    """Return answers a second of a server on loopback, each connection asking one of the paths.

    Raises RuntimeError for an answer of another status.
    """
    until = time.monotonic() + seconds
    counts = [0] * connections
    failures: list[Exception] = []

    def ask(number: int) -> None:
        try:
            counts[number] = _ask_until(until, port, paths[number % len(paths)], status, first=number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(counts) / (time.monotonic() - began)


def _ask_until(until: float, port: int, path: str, status: int, *, first: int) -> int:
    wanted = f"HTTP/1.1 {status} ".encode()
    done = 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for number in itertools.count(first * 65_536):
            if time.monotonic() >= until:
                break
            connection.sendall(_request(port, path, number))
            answer = _answer(connection)
            if not answer.startswith(wanted):
                raise RuntimeError(f"{path.split('/')[1]}: {answer[:120]!r} instead of {status}")
            done += 1
    return done


def _request(port: int, path: str, number: int) -> bytes:
    # Each from a client address of its own: limits for one address are not what is measured.
    client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {client}\r\n\r\n".encode()


def _answer(connection: socket.socket) -> bytes:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    head = data[:end].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    while len(data) < end + 4 + length:
        data += _more(connection)
    return data


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data
