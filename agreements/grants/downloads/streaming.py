"""Streaming what a ticket allows, without a database connection, until it is done, left, or cut."""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
import time
from collections.abc import Iterator
from typing import Final

from django.db import connections

from agreements.grants.downloads import sources, watcher
from agreements.grants.downloads.connection import Connection
from agreements.grants.downloads.redeeming import Ticket
from agreements.grants.models import DownloadEnd

log = logging.getLogger(__name__)

PIECE: Final = 256 * 1024
"""Most bytes handed to the server at once, each time after a look at the watcher. As many as the engine makes in one
block: what is cut smaller is copied."""


class Cut(ConnectionResetError):
    """The download was ended from this side. Raised into the server, so that it breaks the connection."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "access ended")


class Stream:
    """The bytes of a ticket. A class and not a generator: closed before its first byte, it still tells its end."""

    def __init__(self, ticket: Ticket, connection: Connection) -> None:
        self._connection = connection
        self._watcher = watcher.of_process()
        self._running = self._watcher.enter(ticket, connection)
        self._expected = ticket.stop - ticket.start
        self._sent = 0
        self._began = time.monotonic()
        self._ended = False
        self._end_lock = threading.Lock()
        try:
            self._source = _pieces(sources.source(ticket))
        except BaseException:
            self._finish(DownloadEnd.ERROR)
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._sent == 0:
            # Here and not earlier: whatever ran between the view and the server may have opened one.
            _let_go_of_the_database()
            self._connection.prepare()
        if self._ended:
            raise StopIteration
        try:
            piece = self._next_piece()
        except Cut:
            self._connection.reset()
            self._finish(self._running.cut or DownloadEnd.REVOKED)
            raise
        except BaseException as error:
            log.error("download %s failed: %s", self._running.opened, type(error).__name__)
            self._finish(DownloadEnd.ERROR)
            raise
        if piece is None:
            self._finish(DownloadEnd.DONE if self._sent == self._expected else DownloadEnd.ERROR)
            raise StopIteration
        self._sent += len(piece)
        return piece

    def close(self) -> None:
        """End the stream; the server calls it when the client has left, and also when all went well."""
        if self._sent == self._expected:
            self._finish(DownloadEnd.DONE)
        else:
            # A client that was too slow to be told of the cut has left because of it, or might as well have.
            self._finish(self._running.cut or DownloadEnd.CLIENT_GONE)

    def _next_piece(self) -> bytes | None:
        while True:
            if self._running.must_stop() is not None:
                raise Cut
            piece = next(self._source, None)
            if self._running.must_stop() is not None:
                raise Cut
            # An empty one only says that the engine is still at work.
            if piece is None or piece:
                return piece

    def _finish(self, how: DownloadEnd) -> None:
        with self._end_lock:
            if self._ended:
                return
            self._ended = True
        source = getattr(self, "_source", None)
        with contextlib.suppress(Exception):
            if source is not None:
                source.close()
        seconds = time.monotonic() - self._began
        self._watcher.leave(self._running, how=how, bytes_sent=self._sent, seconds=seconds)
        _let_go_of_the_database()


def stream(ticket: Ticket, connection: Connection | None = None) -> Stream:
    """Return the bytes of a ticket as an iterator with `close()`. Raises what the vault raises, the end recorded.

    `connection` is what a cut resets; without one it only ends the iterator.
    """
    return Stream(ticket, connection or Connection())


def _pieces(source: Iterator[bytes]) -> Iterator[bytes]:
    try:
        for chunk in source:
            if len(chunk) <= PIECE:
                yield chunk
                continue
            whole = memoryview(chunk)
            for start in range(0, len(whole), PIECE):
                yield bytes(whole[start : start + PIECE])
    finally:
        closing = getattr(source, "close", None)
        if closing is not None:
            closing()


def _let_go_of_the_database() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
