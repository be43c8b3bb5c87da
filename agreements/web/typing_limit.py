"""How often somebody's typing may be completed: each letter can be a request, and each reads many rows.

The counts are this process's own, as those of `download_limits`: a count in the database would be a write for each
letter typed.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from agreements.core.clock import now

MOST: Final = 300
"""Requests of one person within the window; a long name typed slowly makes thirty."""
WINDOW: Final = 600
"""Seconds."""

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_window = {"began": 0.0}


def is_too_often(person: str) -> bool:
    """Count one request of somebody, and return whether there were too many."""
    at = now().timestamp()
    with _lock:
        if not 0 <= at - _window["began"] < WINDOW:  # one window for all: nothing is remembered for longer
            _window["began"] = at
            _counts.clear()
        _counts[person] += 1
        return _counts[person] > MOST


def forget() -> None:
    """Begin anew, for tests."""
    with _lock:
        _counts.clear()
