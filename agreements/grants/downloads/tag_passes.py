"""One pass over a large member for all who wait for its tag.

A pass goes on when those who waited have left, one for each archive in a process: its tag is kept, so it need never be
made again. A second one that nobody waits for is called off and charged with what it read, and so is one whose access
has ended.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from django.db import DatabaseError

from agreements.grants.downloads import process, quota
from agreements.grants.downloads.kept_tags import KeptTags, Name, for_a_moment
from agreements.grants.downloads.quota import NeededPass
from agreements.grants.models import Seal
from agreements.grants.running import is_running
from agreements.sealing.waiting import Ended

log = logging.getLogger(__name__)

LOOK: Final = 0.25
"""Seconds after which somebody who waits looks whether they still should."""
LOOK_ELSEWHERE: Final = 1.0
"""Seconds between two looks at a pass that another process makes."""
LOOK_AT_ACCESS: Final = 5.0
"""Seconds between two looks whether a pass that nobody waits for will still be of use."""
PATIENCE: Final = 30.0
PATIENT_RATE: Final = 50_000_000
"""Another process is waited for so many seconds, and one more for so many bytes of the member; then one goes alone."""

Work = Callable[["Pass"], None]


class Pass:
    """A pass under way, on a thread of its own. `work` makes the tag, which is then in memory."""

    def __init__(self, kept: KeptTags, number: int, size: int, work: Work) -> None:
        self._kept = kept
        self._needed = NeededPass(number, size)
        self._work = work
        self._row: int | None = None
        self._look_at = 0.0
        self.waiting = 0
        self.read = 0
        self.stop = threading.Event()
        self.over = threading.Event()
        self.error: BaseException | None = None
        threading.Thread(target=self._run, name="tag-pass", daemon=True).start()

    def counted(self, chunks: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        """Count what is read of the pack; call the pass off when nobody waits and access has ended."""
        for chunk in chunks:
            self.read += len(chunk)
            if not self.waiting and time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_AT_ACCESS
                if not self._is_of_use():
                    self.stop.set()
            yield chunk

    def _run(self) -> None:
        try:
            self._wait_for_others()
            if self._kept.get(self._needed.member) is None:
                self._note_begin()
                self._work(self)
        except BaseException as error:  # whoever waits raises it
            self.error = error
        finally:
            _over(self._kept.name(self._needed.member), self)
            self.over.set()
        # Afterwards: nobody waits for a database that is slow.
        self._kept.store(self._needed.member)
        self._note_end()

    def _wait_for_others(self) -> None:
        end = time.monotonic() + PATIENCE + self._needed.size / PATIENT_RATE
        while time.monotonic() < end and self._is_made_elsewhere():
            if self.stop.wait(LOOK_ELSEWHERE):
                raise Ended
            if self._kept.get(self._needed.member) is not None:
                return

    def _is_made_elsewhere(self) -> bool:
        try:
            with for_a_moment():
                rows = quota.under_way(self._kept.seal, self._kept.archive, self._needed.member)
                return rows.exclude(process=process.THIS).exists()
        except DatabaseError:
            return False

    def _is_of_use(self) -> bool:
        running = Seal.objects.filter(pk=self._kept.seal.pk, ended_at=None).select_related("grant__dataset")
        try:
            with for_a_moment():
                seal = running.first()
        except DatabaseError:
            return False
        return seal is not None and is_running(seal.grant)

    def _note_begin(self) -> None:
        try:
            with for_a_moment():
                self._row = quota.begin(self._kept.seal, self._kept.archive, self._needed)
        except DatabaseError as error:
            log.warning("a pass over a member begins without its row: %s", type(error).__name__)

    def _note_end(self) -> None:
        try:
            with for_a_moment():
                if self._row is None:
                    quota.spare(self._kept.seal, self._kept.archive, self._needed.member)
                else:
                    quota.end(self._row, bytes_read=self.read)
        except DatabaseError as error:
            log.warning("a pass over a member stays charged in full: %s", type(error).__name__)


def tag(kept: KeptTags, number: int, size: int, *, work: Work, ended: threading.Event) -> bytes:
    """Return the tag of a large member, by the pass that is under way or a new one.

    Raises `Ended` soon after `ended` is set, and what reading the pack raises.
    """
    name = kept.name(number)
    while (known := kept.peek(number)) is None:
        found = _join(name, lambda: Pass(kept, number, size, work))
        try:
            while not found.over.wait(LOOK):
                if ended.is_set():
                    raise Ended
        finally:
            _leave(found, digest=name.digest)
        if isinstance(found.error, Ended):
            continue  # it was called off as this one came
        if found.error is not None:
            raise found.error
    return known


def is_under_way(name: Name) -> bool:
    """Return whether this process is making a member's tag."""
    with _lock:
        return name in _passes


def _join(name: Name, begin: Callable[[], Pass]) -> Pass:
    with _lock:
        found = _passes.get(name)
        if found is None:
            found = _passes[name] = begin()
        found.waiting += 1
        return found


def _leave(found: Pass, *, digest: str) -> None:
    with _lock:
        found.waiting -= 1
        if found.waiting or found.over.is_set():
            return
        alone = [each for name, each in _passes.items() if name.digest == digest and not each.waiting]
        if alone == [found]:
            return
        found.stop.set()
        for name in [name for name, each in _passes.items() if each is found]:
            del _passes[name]


def _over(name: Name, found: Pass) -> None:
    with _lock:
        if _passes.get(name) is found:
            del _passes[name]


_lock = threading.Lock()
_passes: dict[Name, Pass] = {}
