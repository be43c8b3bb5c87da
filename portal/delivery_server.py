"""How gunicorn serves the `delivery` process: `gunicorn --config python:portal.delivery_server --bind HOST:PORT`.

gunicorn and not granian, which serves the pages: it hands over the socket under a response, and only with that can a
cut reset a connection whose client is slow. Its worker expects a proxy in front; the embedded installation has none,
so `DeliveryWorker` adds what is missing: no client holds up the accepting loop, nor a thread for longer than ten
seconds without sending a request. As many clients as there are threads, each coming again every ten seconds, still
hold them all: that takes a proxy to prevent.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
import time
from types import FrameType
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

from portal import environment as env
from portal.log_filter import CutTokens
from portal.privacy import hide_from_same_user

HEADER_SECONDS: Final = 10
"""Within which a request's line and headers have to be there."""
NICE: Final = 5
SPARE_CONNECTIONS: Final = 1024
"""Kept-alive connections and such as wait for a thread, besides those that hold one."""

wsgi_app = "portal.wsgi:application"
workers = 1
worker_class = "portal.delivery_server.DeliveryWorker"
# Each download holds a thread as long as it takes.
threads = env.number("COUNTERSIGN_DELIVERY_THREADS", 256)
worker_connections = threads + SPARE_CONNECTIONS
backlog = 1024
# Longer than a proxy keeps an idle connection, so that it is never the proxy that finds one closed.
keepalive = 150
# Of the accepting loop, not of a download.
timeout = 60
graceful_timeout = 8
# What a proxy may say of a request is Django's to judge (COUNTERSIGN_TRUSTED_PROXIES).
forwarded_allow_ips = ""
# Addresses hold the tokens of links.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def on_starting(server: Any) -> None:
    """The process that starts the worker has the keys, too; and what gunicorn says of errors names addresses."""
    hide_from_same_user()
    for handler in server.log.error_log.handlers:
        handler.addFilter(CutTokens())


def when_ready(server: Any) -> None:
    """A connection counts once it has sent something, where the system knows how to wait for that."""
    number = getattr(socket, "TCP_DEFER_ACCEPT", None)
    for listener in server.LISTENERS:
        if number is not None and listener.sock.family != socket.AF_UNIX:
            listener.sock.setsockopt(socket.IPPROTO_TCP, number, HEADER_SECONDS)


def post_fork(_server: Any, _worker: Any) -> None:
    """Make room for descriptors, and let the pages go first.

    A download holds two descriptors, its connection and its file; 1024 are the rule, and too few. Many downloads at
    once keep every core busy, and nobody sees a download wait for a page.
    """
    os.nice(NICE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * threads + SPARE_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def pre_request(worker: DeliveryWorker, _request: Any) -> None:
    """The headers are there."""
    worker.headers_read()


class DeliveryWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's threaded worker, not to be held up, and cutting its downloads when it has to end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._reading: dict[int, tuple[float, socket.socket]] = {}

    def handle(self, conn: TConn) -> Any:
        """Serve a request in a thread of the pool; returns False if the connection is to be closed."""
        self._reading[threading.get_ident()] = (time.monotonic() + HEADER_SECONDS, conn.sock)
        try:
            result = super().handle(conn)
        finally:
            self.headers_read()
        if result is False:
            # Closing politely waits up to two seconds for the client: here, where it holds up no other one.
            conn.close(graceful=True)
            conn.close = _closed
        return result

    def headers_read(self) -> None:
        """Take this thread's connection off those whose headers are awaited."""
        self._reading.pop(threading.get_ident(), None)

    def notify(self) -> None:
        """Called about once a second by the loop: shows life, and lets go of whoever is too slow with headers."""
        super().notify()
        now = time.monotonic()
        for until, sock in list(self._reading.values()):
            if now > until:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on SIGTERM: accept no more, cut what runs. A signal handler must not wait for locks, a thread may."""
        super().handle_exit(sig, frame)
        threading.Thread(target=_stop_downloads, name="stop-downloads", daemon=True).start()


def _stop_downloads() -> None:
    from agreements.grants.downloads import watcher

    watcher.of_process().stop()


def _closed(graceful: bool = False) -> None:
    """Nothing is left to close."""
