"""Cutting downloads whose access ended: one watcher per process, one query a second for all that runs through links,
and one for open archives while any of them is sent.

Each stream asks its own `Running` before every chunk, so that nothing is produced after the watcher's word, nor
once the watcher itself has had no word from the database for ten seconds (a hung query included). The watcher also
resets the connection, which wakes a stream that waits for a slow client.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, connection, connections

from agreements.catalog.models import Archive
from agreements.grants.downloads import process
from agreements.grants.downloads.connection import Connection
from agreements.grants.downloads.redeeming import Ticket, why_access_ended, why_not_open
from agreements.grants.links import making as links
from agreements.grants.models import DownloadEnd

log = logging.getLogger(__name__)

EVERY: Final = 1.0
WITHOUT_DATABASE: Final = 10.0
SHOW_LIFE_EVERY: Final = 30.0
"""All in seconds."""
GONE: Final = "it is gone"


class Running:
    """One download under way."""

    __slots__ = ("_watcher", "archive_pk", "connection", "cut", "link_pk", "opened")

    def __init__(self, watcher: Watcher, ticket: Ticket, connection: Connection) -> None:
        offer = ticket.offer
        self._watcher = watcher
        self.connection = connection
        self.opened: uuid.UUID = ticket.opened
        self.archive_pk = offer.archive.pk
        self.link_pk = offer.link.pk if offer.link else None
        self.cut: DownloadEnd | None = None

    def must_stop(self) -> DownloadEnd | None:
        """Return why nothing more may be produced, or None."""
        if self.cut is None and self._watcher.is_blind():
            self.cut = DownloadEnd.NO_DATABASE
        return self.cut


class Watcher:
    """Knows the running downloads. `monotonic` is the clock by which it counts seconds."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic, threaded: bool = True) -> None:
        self._monotonic = monotonic
        self._threaded = threaded
        self._lock = threading.Lock()
        self._running: set[Running] = set()
        self._unsaved: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._heard_at = monotonic()
        self._shown_at: float | None = None
        self._stopping = False

    def enter(self, ticket: Ticket, connection: Connection) -> Running:
        """Begin to watch a download whose ticket was just redeemed."""
        running = Running(self, ticket, connection)
        with self._lock:
            if self._stopping:
                running.cut = DownloadEnd.ERROR
            if not self._running:
                # Redeeming has just heard from the database; nothing was asked while nothing ran.
                self._heard_at = self._monotonic()
            self._running.add(running)
            self._start()
        return running

    def leave(self, running: Running, *, how: DownloadEnd, bytes_sent: int, seconds: float) -> None:
        """Stop watching a download and write how it ended, now or when the database is back."""
        with self._lock:
            self._running.discard(running)

        def write() -> None:
            process.close(running.opened, how=how, bytes_sent=bytes_sent, seconds=seconds)

        try:
            write()
        except DatabaseError as error:
            log.warning("the end of download %s waits for the database: %s", running.opened, type(error).__name__)
            with self._lock:
                self._unsaved.append(write)
                self._start()

    def stop(self) -> None:
        """Cut what runs, and whatever begins from now on: the process ends. Clients resume at its successor."""
        with self._lock:
            self._stopping = True
            running = set(self._running)
        log.info("%d downloads are cut: the process ends", len(running))
        for each in running:
            self._cut(each, DownloadEnd.ERROR)

    def is_blind(self) -> bool:
        """Tell whether nothing was heard from the database for too long."""
        return self._monotonic() - self._heard_at > WITHOUT_DATABASE

    def tick(self) -> None:
        """Ask the database about all running downloads and cut those whose access has ended."""
        with self._lock:
            running, unsaved = set(self._running), list(self._unsaved)
        try:
            self._cut_ended(running)
            self._show_life()
            for write in unsaved:
                write()
                with self._lock:
                    self._unsaved.remove(write)
        except DatabaseError as error:
            log.warning("the watcher of downloads has no database: %s", type(error).__name__)
            _drop_connection()
            if self.is_blind():
                for each in running:
                    self._cut(each, DownloadEnd.NO_DATABASE)

    def _cut_ended(self, running: set[Running]) -> None:
        ended = _ended_links({each.link_pk for each in running if each.link_pk is not None})
        shut = _shut_archives({each.archive_pk for each in running if each.link_pk is None})
        if not running:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        self._heard_at = self._monotonic()
        for each in running:
            why = shut.get(each.archive_pk) if each.link_pk is None else ended.get(each.link_pk)
            if why is not None and each.cut is None:
                log.info("download %s is cut: %s", each.opened, why)
                self._cut(each, DownloadEnd.REVOKED)

    def _cut(self, running: Running, how: DownloadEnd) -> None:
        with self._lock:
            # Once it has left, its connection may already carry the next answer.
            if running not in self._running:
                return
            running.cut = running.cut or how
            running.connection.reset()

    def _show_life(self) -> None:
        if self._shown_at is None or self._monotonic() - self._shown_at >= SHOW_LIFE_EVERY:
            process.show_life()
            self._shown_at = self._monotonic()

    def _start(self) -> None:
        if self._threaded and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._watch, name="download-watcher", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        """Tick while there is anything to watch or to write, then end: the next download starts it anew."""
        while True:
            with self._lock:
                if not self._running and not self._unsaved:
                    self._thread = None
                    break
            try:
                self.tick()
            except Exception as error:  # without its watcher a process would cut everything
                log.error("the watcher of downloads failed: %s", type(error).__name__)
            time.sleep(EVERY)
        connections.close_all()


def of_process() -> Watcher:
    """Return the watcher of this process."""
    return _watcher


def _ended_links(watched: set[int]) -> dict[int, str]:
    """Return which links may not go on, and why."""
    found = links.with_all().filter(pk__in=watched) if watched else ()
    standing = {link.pk: why_access_ended(link) for link in found}
    return {pk: why for pk in watched if (why := standing.get(pk, GONE)) is not None}


def _shut_archives(watched: set[int]) -> dict[int, str]:
    """Return which archives are open to everyone no more, and why."""
    found = Archive.objects.select_related("subset__dataset").filter(pk__in=watched) if watched else ()
    standing = {archive.pk: why_not_open(archive) for archive in found}
    return {pk: why for pk in watched if (why := standing.get(pk, GONE)) is not None}


def _drop_connection() -> None:
    """Let the next tick begin with a new connection; one that broke stays broken."""
    if not connection.in_atomic_block:
        connection.close()


def _after_fork() -> None:
    global _watcher  # noqa: PLW0603 - locks and threads do not survive a fork
    _watcher = Watcher()


_watcher = Watcher()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
