"""A sign of life of the worker: its event loop touches a file, which a health check looks at.

`celery inspect ping` would ask through the broker, so a broker's trouble would look like the worker's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import bootsteps

SECONDS = 5


class SignOfLife(bootsteps.StartStopStep):
    """Touches the file that COUNTERSIGN_ALIVE_FILE names, every five seconds; does nothing if it names none."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._path = os.environ.get("COUNTERSIGN_ALIVE_FILE", "")
        self._repeated: Any = None

    def start(self, parent: Any) -> None:
        if self._path:
            self._repeated = parent.timer.call_repeatedly(SECONDS, Path(self._path).touch)

    def stop(self, parent: Any) -> None:
        if self._repeated is not None:
            self._repeated.cancel()
