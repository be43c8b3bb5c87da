"""Noticing that the database was restored from a backup, and shutting every dataset until stewards have reconciled it.

A restored database is older than the world: what was revoked after the backup is active again in it. The private
store remembers the newest head of the record, so that a database which lacks it is known at once. The store is
always read before the database: what it remembers was committed, so that a healthy database is never behind it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from agreements.catalog import shutting
from agreements.catalog.models import Dataset
from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.flows import record_memory, restore_messages
from agreements.flows.record_memory import Memory, Point
from agreements.ledger.act import act
from agreements.ledger.chain import GENESIS
from agreements.ledger.models import LedgerEntry, Restoration

log = logging.getLogger(__name__)

JOB: Final = "restore-watch"
BEHIND: Final = "behind"
DIFFERENT: Final = "different"
TOLD: Final = "told"
_WRITING: Final = "restore-watch"
_WRITING_SECONDS: Final = 180


def notice() -> list[Restoration]:
    """Compare the database with what the store remembers, and shut every dataset if the record lost rows.

    Returns the restorations that were noticed now; again finds none. A store out of reach is logged and shuts nothing.
    """
    try:
        memory = record_memory.read()
    except OSError as error:
        log.warning("the private store is out of reach (%s): whether this database was restored is not known", error)
        return []
    return _notice(memory) if memory is not None else []


def remember() -> None:
    """Notice first, then tell the store of the newest head. Run every minute and after each checkpoint.

    A healthy head never moves backwards: one process writes at a time, and writes what it read after it had the turn.
    """
    if not cache.add(_WRITING, 1, timeout=_WRITING_SECONDS):
        return
    try:
        memory = record_memory.read()
        if memory is not None:
            _notice(memory)
        fresh = _fresh(memory)
        if memory is None or (fresh.head.sequence, fresh.head.hash, fresh.lost) != (
            memory.head.sequence,
            memory.head.hash,
            memory.lost,
        ):
            record_memory.write(fresh)
    except OSError as error:
        log.warning("the private store is out of reach (%s): it is not told of the record's head", error)
    finally:
        cache.delete(_WRITING)


def tell(*, by: Actor) -> Restoration:
    """Shut every dataset because the operator says that database and stores were restored together.

    Raises NotPossible where all are shut already.
    """
    with act() as record:
        shutting.lock_all()
        if not Dataset.objects.filter(shut_at=None).exists():
            raise NotPossible(_("Every dataset is shut already; a steward of each has to reconcile it."))
        head, at = record_memory.head_of_database(), now()
        told = Restoration.objects.create(noticed_at=at, cause=TOLD, found_sequence=head.sequence, found_hash=head.hash)
        shut = shutting.shut_all(record, at=at, cause=TOLD, found_sequence=head.sequence, expected_sequence=None, by=by)
        restore_messages.queue_shut(shut)
    return told


def _notice(memory: Memory) -> list[Restoration]:
    if not _unknown(memory.points):
        return []
    with act() as record:
        shutting.lock_all()
        # Asked again under the lock: another process may have noticed meanwhile.
        unknown = _unknown(memory.points)
        if not unknown:
            return []
        found, at = record_memory.head_of_database(), now()
        made = [_restoration(point, found=found) for point in unknown]
        for restoration in made:
            restoration.noticed_at = at
        Restoration.objects.bulk_create(made)
        farthest = max(unknown, key=lambda point: point.sequence)
        shut = shutting.shut_all(
            record,
            at=at,
            cause=_cause(farthest, found=found),
            found_sequence=found.sequence,
            expected_sequence=farthest.sequence,
            by=actors.job(JOB),
        )
        restore_messages.queue_shut(shut)
    log.error(
        "this database was restored: its record ends at row %d, the store remembers row %d. %d datasets are shut.",
        found.sequence,
        farthest.sequence,
        len(shut),
    )
    return made


def _unknown(points: Iterable[Point]) -> list[Point]:
    """Return those that this database neither has nor has ever missed."""
    lost = [point for point in points if not _has(point)]
    return [
        point
        for point in lost
        if not Restoration.objects.filter(expected_sequence=point.sequence, expected_hash=point.hash).exists()
    ]


def _has(point: Point) -> bool:
    if point.sequence == 0:
        return point.hash == GENESIS
    return LedgerEntry.objects.filter(sequence=point.sequence, hash=point.hash).exists()


def _restoration(point: Point, *, found: Point) -> Restoration:
    return Restoration(
        cause=_cause(point, found=found),
        found_sequence=found.sequence,
        found_hash=found.hash,
        expected_sequence=point.sequence,
        expected_hash=point.hash,
        expected_at=point.at,
    )


def _cause(point: Point, *, found: Point) -> str:
    return BEHIND if point.sequence > found.sequence else DIFFERENT


def _fresh(memory: Memory | None) -> Memory:
    """Return what the store is to remember from now on.

    What was lost stays while any dataset is shut: a second restore, of a backup from before the first was noticed,
    still finds it.
    """
    head = record_memory.head_of_database()
    if memory is None or not shutting.is_any_shut():
        return Memory(head)
    return Memory(head, tuple(point for point in memory.points if not _has(point)))
