"""Doing the publishings that were asked for on the desk, each in a process of its own.

A terabyte takes hours, and a task is ended after minutes: so the task only starts a process and forgets it. The
process ends with the worker that started it; whatever ends it, its lease runs out, and the next one goes on.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from agreements.catalog.models import PublishJob, SealKind
from agreements.catalog.publishing import jobs
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import sweep
from agreements.core.errors import DomainError
from agreements.vault.protocol import OutOfReach

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two writings of progress."""
PATIENCE: Final = 20.0
"""Seconds that the work may take to notice that it has to end; then its process ends."""


class Ended(BaseException):
    """The work has to end before it is done. No error: nothing that handles errors may take it for one."""


def start_due() -> int:
    """Start a process for each job that is due, as many as may run; return how many."""
    started = 0
    for job in sweep.taken(jobs.claim):
        _start(job)
        started += 1
    return started


def run(pk: int, attempt: int) -> None:
    """Do a job that was claimed for this attempt, and write how it ended. Called in the process made for it."""
    job = jobs.claimed(pk, attempt)
    if job is None:
        log.info("publishing %d is not this process's (attempt %d)", pk, attempt)
        return
    # What is written down is read by whoever comes by, not by one reader: it is in the site's language.
    with override(settings.LANGUAGE_CODE):
        try:
            with Heart(job) as heart:
                _publish(job, heart)
        except Ended:
            log.info("publishing %d ended before it was done: %s", pk, heart.why)
            if heart.why == "stop":
                jobs.halt(job)


def _publish(job: PublishJob, heart: Heart) -> None:
    path: Path | None = None
    try:
        path = jobs.source_of(job)
        archive = publish_archive(
            subset=job.subset,
            source=path,
            name=job.name,
            seal=SealKind(job.seal),
            previewed=job.previewed,
            by=job.asked_by.actor,
            progress=heart,
        )
    except DatabaseError:
        # Not the job's fault: the lease runs out, and another process goes on when the database is back.
        raise
    except (DomainError, OutOfReach) as error:
        jobs.fail(job, trouble=in_their_words(str(error), path, job))
    except OSError as error:
        log.exception("publishing %d failed", job.pk)
        jobs.fail(
            job, trouble=_("The server could not read or write a file: %(why)s.") % {"why": error.strerror or error}
        )
    except Exception as error:
        log.exception("publishing %d failed", job.pk)
        text = _("It failed for a reason that nobody foresaw (%(kind)s). The server's log says more.")
        jobs.fail(job, trouble=text % {"kind": type(error).__name__})
    else:
        jobs.finish(job, archive=archive)


def in_their_words(trouble: str, path: Path | None, job: PublishJob) -> str:
    """Return what went wrong without the server's own paths."""
    return trouble.replace(str(path), jobs.source_name(job)) if path else trouble


class Heart:
    """Beats while the work goes on: writes progress, renews the lease, hears whether to stop.

    It is called with progress by the work, and raises Ended there once the work has to end: `why` is "stop" (asked
    for), "lost" (the job is somebody else's by now) or "orphan" (the worker that started this process is gone).
    """

    def __init__(
        self,
        job: PublishJob,
        *,
        threaded: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
        end_process: Callable[[int], object] = os._exit,
    ) -> None:
        self.why = ""
        self._job = job
        self._parent = os.getppid()
        self._progress = (job.phase, job.done, job.total)
        self._monotonic, self._end_process = monotonic, end_process
        self._heard_at = monotonic()
        self._ended_at = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="publishing-heart", daemon=True) if threaded else None

    def __enter__(self) -> Heart:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._progress = (phase, done, total)
        if self.why:
            raise Ended(self.why)

    def beat(self) -> None:
        """Write progress and read the stop flag."""
        if os.getppid() != self._parent:
            self._must_end("orphan")
            return
        phase, done, total = self._progress
        try:
            if not jobs.note(self._job, phase=phase, done=done, total=total):
                self._must_end("lost")
            elif jobs.is_to_stop(self._job):
                self._must_end("stop")
            self._heard_at = self._monotonic()
        except DatabaseError as error:
            log.warning("publishing %d has no database: %s", self._job.pk, type(error).__name__)
            connection.close()
            if self._monotonic() - self._heard_at > jobs.LEASE.total_seconds():
                self._must_end("lost")

    def _must_end(self, why: str) -> None:
        if not self.why:
            self.why, self._ended_at = why, self._monotonic()
        elif self._monotonic() - self._ended_at > PATIENCE:
            # The work is in the middle of something long that tells of no progress. Killing it is safe at any time.
            if self.why == "stop":
                jobs.halt(self._job)
            self._end_process(1)

    def _live(self) -> None:
        while not self._over.wait(EVERY):
            self.beat()
        connection.close()


def _start(job: PublishJob) -> None:
    # In a session of its own: a Ctrl-C for the worker is the worker's. It finds by itself that its parent is gone.
    subprocess.Popen(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_publishing", str(job.pk), str(job.attempts)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        cwd=settings.BASE_DIR,
    )
