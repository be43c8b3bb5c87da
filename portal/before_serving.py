"""What a process looks at before its first request: whether its database was restored from a backup."""

from __future__ import annotations

import logging
import threading
from typing import Final

log = logging.getLogger(__name__)

PATIENCE: Final = 20
"""Seconds: a store that says nothing must not keep the site from coming up. The worker looks again each minute."""


def look_for_a_restore() -> None:
    """Shut what has to be shut after a restore. Whatever keeps this from being known is logged, and never raised."""
    thread = threading.Thread(target=_look, name="look-for-a-restore", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        log.warning("whether this database was restored is not known yet: the store or the database says nothing")


def _look() -> None:
    from django.db import connections

    from agreements.flows import restore_watch

    try:
        restore_watch.notice()
    except Exception as error:  # not migrated yet, or out of reach: the pages say so themselves
        log.warning("whether this database was restored is not known: %s", type(error).__name__)
    finally:
        connections.close_all()
