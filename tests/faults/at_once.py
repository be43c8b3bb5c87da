"""Doing several things at the same moment, in threads with database connections of their own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from agreements.core.errors import DomainError
from agreements.grants.downloads.refusals import Refused

LIMIT = 60.0
"""Seconds after which acts that wait for each other have deadlocked."""
LATE = 0.15
"""Seconds by which one of the acts begins late, at most."""


class NothingHappened(Exception):
    """A thread did not come to an end."""


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Return what each work returned, or the refusal it met, in their order. Any other exception is raised.

    Every second time, about, one of them begins a moment late: what needs longer to its first lock would always lose.
    """
    start = threading.Barrier(len(works))
    ends: list[Any] = [NothingHappened()] * len(works)
    late = random.randrange(2 * len(works))
    moment = random.uniform(0, LATE)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            start.wait(LIMIT)
            if number == late:
                threading.Event().wait(moment)
            ends[number] = work()
        except BaseException as failure:
            ends[number] = failure
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, (DomainError, Refused)):
            raise end
    return ends


def refusals(ends: list[Any]) -> list[str]:
    """Return what those who came too late were told."""
    return [str(end) for end in ends if isinstance(end, DomainError)]
