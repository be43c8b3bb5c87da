"""Removing what was begun in the stores and never finished: halves of a killed process, uploads nobody went on with."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from agreements.core.clock import now
from agreements.vault import stores
from agreements.vault.protocol import OutOfReach

log = logging.getLogger(__name__)

KEPT: Final = dt.timedelta(days=7)
"""How long something unfinished that nobody writes to is kept, to be gone on with."""


def forget_abandoned() -> int:
    """Remove from every store what nobody has written to for a week; return how much. A store out of reach waits."""
    removed = 0
    for name, store in stores.every().items():
        try:
            gone = store.forget_abandoned(now() - KEPT)
        except OutOfReach as error:
            log.warning("unfinished objects of the store of %s are kept: %s", name, error)
            continue
        for left in gone:
            log.info("removed from the store of %s: %s, unfinished since %s", name, left.name, left.touched_at)
        removed += len(gone)
    return removed
