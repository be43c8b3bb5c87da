"""Publishings asked for on the desk: the rows, from the asking to the end. `job_runs` does the work.

One process at a time works on a job: it holds it by a lease that it renews, and `attempts` says whose lease it is, so
that a process that was frozen and wakes up finds that the job is no longer its own.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Archive, Dataset, JobState, PublishJob, SealKind, Subset, Upload
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.publishing import choosing, uploads
from agreements.catalog.publishing.publish import checked_name, checked_seal
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup, poke

LEASE: Final = dt.timedelta(seconds=30)
"""A process that was not heard of for so long has lost its job."""
ATTEMPTS: Final = 10
AT_ONCE: Final = 2
"""Jobs that run at the same time in the whole installation."""
SHOWN: Final = dt.timedelta(days=7)
"""How long the desk tells of a job that ended."""

_OPEN: Final = [JobState.WAITING, JobState.RUNNING]


def ask(
    *,
    subset: Subset,
    name: str,
    seal: SealKind,
    by: Actor,
    source: str = "",
    upload: Upload | None = None,
    previewed: str = "",
) -> PublishJob:
    """Return a new job that publishes a name of the dataset's inbox, or an upload, as an archive of the subset.

    `previewed` is the digest of what was shown; a source that is another by then is not published.
    Raises Invalid, NotAllowed, and NotPossible where the source is gone or the archive is being published already.
    """
    check_may(Permission.PUBLISH, dataset=subset.dataset, by=by)
    seal, name = checked_seal(subset, seal), checked_name(name)
    with transaction.atomic():
        # The subset's row is the lock: of two clicks one asks.
        Subset.objects.select_for_update().get(pk=subset.pk)
        if PublishJob.objects.filter(subset=subset, name=name, state__in=_OPEN).exists():
            raise NotPossible(_("%(name)s is being published already.") % {"name": name})
        if upload is not None:
            upload = Upload.objects.select_for_update().get(pk=upload.pk)
        given = {"subset": subset, "name": name, "seal": seal, "source": source, "upload": upload}
        job = PublishJob(**given, previewed=previewed, asked_by_id=by.pk)
        source_of(job)
        job.save(force_insert=True)
        poke(Wakeup.PUBLISHING)
    return job


def ask_again(*, job: PublishJob, by: Actor) -> PublishJob:
    """Return a new job like one that failed or was stopped. Raises as `ask` does."""
    if not may_ask_again(job):
        raise NotPossible(_("This publishing did not fail."))
    seal = SealKind(job.seal)
    return ask(
        subset=job.subset,
        name=job.name,
        seal=seal,
        source=job.source,
        upload=job.upload,
        previewed=job.previewed,
        by=by,
    )


def stop(*, job: PublishJob, by: Actor) -> None:
    """Stop a job: at once if nobody works on it, else within seconds. Raises NotAllowed, NotPossible."""
    check_may(Permission.PUBLISH, dataset=job.subset.dataset, by=by)
    with transaction.atomic():
        locked = PublishJob.objects.select_for_update().get(pk=job.pk)
        if locked.state not in _OPEN:
            raise NotPossible(_("%(name)s is not being published any more.") % {"name": job.name})
        locked.stop_asked = True
        if locked.state == JobState.WAITING or (locked.claimed_until or now()) <= now():
            locked.state, locked.ended_at, locked.claimed_until = JobState.STOPPED, now(), None
        locked.save()


def source_of(job: PublishJob) -> Path:
    """Return where the job's source lies. Raises Invalid or NotPossible when it is not there."""
    return choosing.place_of(subset=job.subset, source=job.source, upload=job.upload)


def source_name(job: PublishJob) -> str:
    """Return what a person calls the job's source."""
    return choosing.called(source=job.source, upload=job.upload)


def may_ask_again(job: PublishJob) -> bool:
    """Tell whether the job failed or was stopped, and its source is kept."""
    return job.state in {JobState.FAILED, JobState.STOPPED} and not (job.upload and job.upload.removed_at)


def is_open(job: PublishJob) -> bool:
    """Tell whether the job waits or runs."""
    return job.state in _OPEN


def shown(dataset: Dataset) -> QuerySet[PublishJob]:
    """Return the jobs that the desk tells of: those open, and those that ended within a week, newest first."""
    found = PublishJob.objects.filter(subset__dataset=dataset)
    recent = found.filter(state__in=_OPEN) | found.filter(ended_at__gt=now() - SHOWN)
    return recent.select_related("subset__dataset", "upload", "archive", "asked_by").order_by("-asked_at", "-pk")


def claim() -> PublishJob | None:
    """Take the next job that waits or whose process is gone, for this process; None if there is none to take."""
    with transaction.atomic():
        held = PublishJob.objects.filter(state=JobState.RUNNING, claimed_until__gt=now()).count()
        waiting = PublishJob.objects.select_for_update().filter(state__in=_OPEN).order_by("asked_at", "pk")
        for job in waiting.exclude(claimed_until__gt=now()):
            if job.stop_asked:
                _end(job, JobState.STOPPED)
            elif job.attempts >= ATTEMPTS:
                text = _("Its process ended %(times)d times before the work was done. The server's log says more.")
                _end(job, JobState.FAILED, trouble=text % {"times": ATTEMPTS})
            elif held < AT_ONCE:
                job.state, job.attempts, job.claimed_until = JobState.RUNNING, job.attempts + 1, now() + LEASE
                job.save()
                return job
    return None


def claimed(pk: int, attempt: int) -> PublishJob | None:
    """Return a job that was claimed for this attempt, or None if it is somebody else's by now."""
    held = _held(pk, attempt).select_related("subset__dataset", "upload", "asked_by")
    return held.filter(claimed_until__gt=now()).first()


def note(job: PublishJob, *, phase: str, done: int, total: int) -> bool:
    """Renew the lease and write how far the work is, in bytes; False if the job is no longer this process's."""
    held = _held(job.pk, job.attempts)
    return bool(held.update(phase=phase, done=done, total=total, claimed_until=now() + LEASE))


def is_to_stop(job: PublishJob) -> bool:
    """Tell whether somebody asked to stop it."""
    return PublishJob.objects.filter(pk=job.pk, stop_asked=True).exists()


def finish(job: PublishJob, *, archive: Archive) -> None:
    """Write that the archive is published, and delete what was uploaded for it."""
    if _settle(job, JobState.DONE, archive=archive) and job.upload:
        uploads.discard(job.upload)


def fail(job: PublishJob, *, trouble: str) -> None:
    """Write why it could not be published."""
    _settle(job, JobState.FAILED, trouble=trouble)


def halt(job: PublishJob) -> None:
    """Write that it was stopped."""
    _settle(job, JobState.STOPPED)


def _settle(job: PublishJob, state: JobState, *, trouble: str = "", archive: Archive | None = None) -> bool:
    with transaction.atomic():
        locked = _held(job.pk, job.attempts).select_for_update().first()
        if locked is None:
            return False
        _end(locked, state, trouble=trouble, archive=archive)
        return True


def _end(job: PublishJob, state: JobState, *, trouble: str = "", archive: Archive | None = None) -> None:
    job.state, job.trouble, job.archive = state, trouble, archive
    job.ended_at, job.claimed_until = now(), None
    job.save()


def _held(pk: int, attempt: int) -> QuerySet[PublishJob]:
    return PublishJob.objects.filter(pk=pk, attempts=attempt, state=JobState.RUNNING)
