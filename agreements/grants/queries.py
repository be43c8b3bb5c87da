"""What is asked about a grant and changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Grant

SHOWN: Final = 50
"""A download program that fetches an archive in pieces opens hundreds; the newest tell enough."""


@dataclass(frozen=True, slots=True)
class Download:
    """Bytes `start` to `stop` (exclusive) of an archive's `size`, asked for at a time.

    While it runs, `end` is empty. `sent`, in bytes, is None where it is not known.
    """

    archive: str
    at: dt.datetime
    start: int
    stop: int
    size: int
    sent: int | None
    end: DownloadEnd | None

    @property
    def is_whole(self) -> bool:
        return (self.start, self.stop) == (0, self.size)

    @property
    def last(self) -> int:
        """Return the number of the last byte asked for, from 0, as HTTP ranges count."""
        return self.stop - 1


def downloads_of(grant: Grant) -> list[Download]:
    """Return the newest downloads under a grant, the newest first, at most `SHOWN`."""
    opened = DownloadOpened.objects.filter(grant=grant).select_related("archive").order_by("-at", "-pk")[:SHOWN]
    rows = list(opened)
    ends = DownloadClosed.objects.in_bulk([row.pk for row in rows])
    return [_told(row, ends.get(row.pk)) for row in rows]


def _told(opened: DownloadOpened, closed: DownloadClosed | None) -> Download:
    return Download(
        archive=opened.archive.name,
        at=opened.at,
        start=opened.range_start,
        stop=opened.range_stop,
        size=opened.archive.sealed_size,
        sent=closed.bytes_sent if closed else None,
        end=DownloadEnd(closed.how) if closed else None,
    )
