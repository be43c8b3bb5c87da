"""How much a person may have under a grant: downloads that run at once, and passes over large members in a day.

Both are counted in the database, in the transaction that opens a download and under the lock of the grant's row, so
they hold across processes and for requests that come together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from agreements.catalog.models import Archive, SealKind
from agreements.core.clock import now
from agreements.grants.downloads import kept_tags, process
from agreements.grants.models import DownloadRunning, Grant, Seal, TagPass

AT_ONCE: Final = 32
"""Downloads that run for one person under one grant. aria2 opens up to 16 for a file (`-x 16`): so there is room for
those of a process that was killed (see `process.ALIVE`) beside those that take their place."""
AGAIN: Final = 30
"""Seconds after which a client is asked to try again when it has too many at once."""

DAY: Final = dt.timedelta(hours=24)
TIMES: Final = 3
"""The bytes of passes that a person may cause in a day, as a multiple of all that the grant opens. A tag is kept once
it is made, so whatever a tool does takes one pass over each member at most; the rest is for passes that were lost."""
LEAST: Final = 64 * 1024 * 1024
"""Bytes that a pass is charged with even if it was called off at once (never more than its member), so that the rows of
a day are few."""
KEPT: Final = dt.timedelta(days=7)
"""How long rows about passes are kept."""


class TooMuch(Exception):
    """Refused for now: to be tried again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too much")
        self.retry_after = retry_after


class TooManyAtOnce(TooMuch):
    """So many downloads are running."""


class OverBudget(TooMuch):
    """So much was read today for the sake of authentication tags."""


@dataclass(frozen=True, slots=True)
class NeededPass:
    """A range needs the tag of a member, whose `size` bytes must be read for it."""

    member: int
    size: int


def admit(seal: Seal, archive: Archive, *, needed: NeededPass | None) -> None:
    """Check that a person may open one more download, and charge the pass that it needs. Raises TooMuch.

    The grant's row is held (`holding.alone`).
    """
    if DownloadRunning.objects.filter(process.living(), seal=seal).count() >= AT_ONCE:
        raise TooManyAtOnce(AGAIN)
    if needed is None or kept_tags.stored(seal, archive, needed.member).exists():
        return
    if not under_way(seal, archive, needed.member).exists():
        _charge(seal, archive, needed)


def under_way(seal: Seal, archive: Archive, member: int) -> QuerySet[TagPass]:
    """Return the rows of passes over a member for one seal that are not over and whose process lives."""
    unfinished = TagPass.objects.filter(seal=seal, archive=archive, member=member, bytes_read=None)
    return unfinished.filter(process.living(), at__gt=now() - DAY)


def begin(seal: Seal, archive: Archive, needed: NeededPass) -> int:
    """Return the key of the row of a pass that begins here: the one that was charged, or a new one.

    There is none if the request that was charged ended in another process, or came to a pass that was then called off.
    What is made here is not checked: it is at most one row for each member and process.
    """
    charged = under_way(seal, archive, needed.member).filter(process=process.THIS).order_by("pk").first()
    return (charged or _row(seal, archive, needed)).pk


def end(pk: int, *, bytes_read: int) -> None:
    """Write what a pass took, in place of what was planned for it."""
    row = TagPass.objects.get(pk=pk)
    row.bytes_read = max(bytes_read, min(row.bytes_planned, LEAST)) if bytes_read else 0
    row.save(update_fields=["bytes_read"])


def spare(seal: Seal, archive: Archive, member: int) -> None:
    """Take back what was charged in this process for a pass that proved needless."""
    under_way(seal, archive, member).filter(process=process.THIS).update(bytes_read=0)


def limit(grant: Grant) -> int:
    """Return the bytes of passes that each person may cause in a day."""
    opened = Archive.objects.filter(subset__in=grant.subsets.values("pk"), withdrawn_at=None, seal=SealKind.PERSONAL)
    return TIMES * int(opened.aggregate(total=Sum("sealed_size"))["total"] or 0)


def _charge(seal: Seal, archive: Archive, needed: NeededPass) -> None:
    grant = seal.grant
    mine = TagPass.objects.filter(grant=grant, seal__person=seal.person_id)
    today = mine.filter(at__gt=now() - DAY)
    spent = int(today.aggregate(total=Sum(Coalesce("bytes_read", "bytes_planned")))["total"] or 0)
    if spent + needed.size > limit(grant):
        oldest = today.order_by("at").values_list("at", flat=True).first() or now()
        raise OverBudget(max(int((oldest + DAY - now()).total_seconds()), AGAIN))
    mine.filter(at__lte=now() - KEPT).delete()
    _row(seal, archive, needed)


def _row(seal: Seal, archive: Archive, needed: NeededPass) -> TagPass:
    return TagPass.objects.create(
        grant_id=seal.grant_id,
        seal=seal,
        process=process.THIS,
        archive=archive,
        member=needed.member,
        at=now(),
        bytes_planned=needed.size,
    )
