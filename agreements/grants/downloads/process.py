"""This process, as the rows about downloads name it; and settling what a dead one left open."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from agreements.core.clock import now
from agreements.grants.models import DeliveryProcess, DownloadClosed, DownloadEnd, DownloadRunning

SILENCE: Final = dt.timedelta(minutes=5)
"""A process not seen for so long is dead: a living one cut its own streams after ten seconds without a database."""

ALIVE: Final = dt.timedelta(seconds=90)
"""A process not seen for so long, three times its habit, no longer counts where people are waiting."""

THIS: uuid.UUID = uuid.uuid4()


def show_life() -> None:
    """Tell the database that this process is alive. Called by the watcher while anything runs."""
    DeliveryProcess.objects.update_or_create(id=THIS, defaults={"seen_at": now()})


def living() -> Q:
    """Return the condition that a row with `process` and `at` is of a process that lives, or too young to say."""
    seen = DeliveryProcess.objects.filter(id=OuterRef("process"), seen_at__gt=now() - ALIVE)
    return Q(at__gt=now() - ALIVE) | Q(Exists(seen))


def close(opened: uuid.UUID, *, how: DownloadEnd, bytes_sent: int | None, seconds: float | None) -> None:
    """Write how a download ended. A second word on the same download is dropped: the first one stands."""
    if DownloadClosed.objects.filter(opened_id=opened).exists():
        return
    row = DownloadClosed(opened_id=opened, at=now(), bytes_sent=bytes_sent, seconds=seconds, how=how)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            DownloadRunning.objects.filter(opened_id=opened).delete()
    except IntegrityError:
        if not DownloadClosed.objects.filter(opened_id=opened).exists():
            raise


def settle_abandoned(limit: int = 1000) -> int:
    """Close, as not known, what dead processes left open; return how many. Insert-only and safe to run twice."""
    before = now() - SILENCE
    alive = DeliveryProcess.objects.filter(id=OuterRef("process"), seen_at__gt=before)
    left = DownloadRunning.objects.filter(~Exists(alive), at__lte=before).order_by("at")
    abandoned = list(left.values_list("pk", flat=True)[:limit])
    for opened in abandoned:
        close(opened, how=DownloadEnd.UNKNOWN, bytes_sent=None, seconds=None)
    return len(abandoned)


def _after_fork() -> None:
    global THIS  # noqa: PLW0603 - a forked child is another process and must not speak for its parent
    THIS = uuid.uuid4()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
