"""What a process looks at before its first request: what it lacks, and whether its database was restored."""

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


def say_what_is_lacking() -> None:
    """Log what the portal's own checks find: fonts, the key that signs. Nothing of it keeps the site from coming up."""
    from django.core.checks import run_checks

    for found in run_checks(tags=["countersign"]):
        log.warning("%s %s", found.msg, found.hint or "")


def _look() -> None:
    from django.db import connections

    from agreements.flows import restore_watch

    try:
        restore_watch.notice()
    except Exception as error:  # not migrated yet, or out of reach: the pages say so themselves
        log.warning("whether this database was restored is not known: %s", type(error).__name__)
    finally:
        connections.close_all()
