"""Waking tasks from a page, without letting a broker that does not answer hold up one page after the other.

A frozen broker costs each try its time limit of a second, and an act may ask for a dozen mails. So the first try that
fails silences the others for a while; nothing is lost by that, since the beat finds what was not poked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

# As long as the beat's own round: by then it has seen what is due.
PAUSE: Final = 10.0


class Waker:
    """Wakes tasks as long as the broker answers. One for the process: all tasks have the same broker."""

    def __init__(self, *, pause: float = PAUSE) -> None:
        self._pause = pause
        self._silent_until = 0.0

    def waking(self, task: Any) -> Callable[[], None]:
        """Return a function that wakes a Celery task, or does nothing for a while after any of them failed."""

        def wake() -> None:
            if time.monotonic() < self._silent_until:
                return
            try:
                task.delay()
            except Exception:
                self._silent_until = time.monotonic() + self._pause
                raise

        return wake
