"""Who did not answer a short while ago: silent name servers are asked once in ten minutes, not for each mail.

A name is remembered by itself. Its whole organization is only after several of its names were silent with no answer in
between: one name that points nowhere does not shut out an organization whose servers answer, however often strangers
ask for it, and whoever makes up ever new names of silent servers is left alone after a few.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

# Seconds.
REMEMBERED: Final = 600.0
# So many silent names make a silent organization.
NAMES: Final = 3
# Names, and organizations, that are remembered.
MOST: Final = 1_000


@dataclass
class Silence:
    """The memory of one process; `clock` in seconds. Safe between threads."""

    clock: Callable[[], float] = time.monotonic
    _names: OrderedDict[Hashable, float] = field(default_factory=OrderedDict)
    _owners: OrderedDict[Hashable, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_silent(self, name: Hashable, *, of: Hashable) -> bool:
        """Return whether it is not worth asking for a name of an organization now."""
        with self._lock:
            return self._names.get(name, 0.0) > self.clock() or self._times(of) >= NAMES

    def note(self, name: Hashable, *, of: Hashable) -> None:
        """Remember that nobody answered when asked for a name."""
        with self._lock:
            until, times = self.clock() + REMEMBERED, self._times(of) + 1
            self._names[name], self._owners[of] = until, (times, until)
            self._names.move_to_end(name)
            self._owners.move_to_end(of)
            for remembered in (self._names, self._owners):
                while len(remembered) > MOST:
                    remembered.popitem(last=False)

    def answered(self, of: Hashable) -> None:
        """Remember that an organization's servers answer."""
        with self._lock:
            self._owners.pop(of, None)

    def _times(self, of: Hashable) -> int:
        times, until = self._owners.get(of, (0, 0.0))
        return times if until > self.clock() else 0
