"""Taking in what lies in the mailbox: each message is fetched, kept, written down and committed, and only then moved.

Killed at any point, nothing is lost and nothing is taken twice: what was not moved lies there for the next poll, which
knows it by its bytes. The server's numbers of messages are never kept.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.translation import ngettext, override

from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.flows.mailbox import taking
from agreements.flows.mailbox.durable import commits_are_durable
from agreements.mail.inbox import imap, lease
from agreements.mail.inbox.imap import Folder, Refused, Trouble
from agreements.mail.inbox.lease import Lease, Lost
from agreements.mail.inbox.models import Mailbox

log = logging.getLogger(__name__)

BUDGET: Final = 100.0
"""Seconds after which nothing more is fetched; the next poll goes on."""
BATCH: Final = 50
"""Messages after which they are moved, the row of the mailbox says how many are left, and they begin to be read."""
MOVED_AT_ONCE: Final = 32 * 1024 * 1024
"""Bytes of messages after which they are moved before the batch is full: some servers copy each of them."""


@dataclass
class Polled:
    """What one poll did, in messages; `error` says why it ended early or left some behind."""

    taken: int = 0
    repeated: int = 0
    too_large: int = 0
    left: int = 0
    busy: bool = False
    error: str = ""


def poll(*, budget: float = BUDGET) -> Polled:
    """Take in what is in the mailbox, for `budget` seconds at most. Without a mailbox nothing is done.

    What goes wrong there or in our store is written on the row of the mailbox, not raised.
    """
    if not imap.is_configured():
        return Polled()
    mailbox, _created = Mailbox.objects.get_or_create(name=imap.name())
    held = lease.take(mailbox)
    if held is None:
        return Polled(busy=True)
    polling = _Polling(held, budget)
    try:
        # What is written down is for whoever comes by, not for one reader: it is in the site's language.
        with override(settings.LANGUAGE_CODE), commits_are_durable():
            polling.go()
    finally:
        held.give_back(**polling.findings)
    return polling.done


class _Polling:
    """One poll: its counts, and what is to be said of the mailbox at its end."""

    def __init__(self, held: Lease, budget: float) -> None:
        self.done = Polled()
        self.findings: dict[str, Any] = {}
        self._held = held
        self._budget = budget
        self._stop = 0.0
        self._refused: list[str] = []
        self._kept: dict[str, list[int]] = {}
        self._weight = 0

    def go(self) -> None:
        """Read the folder as far as the time allows."""
        try:
            with imap.opened() as folder:
                self._read(folder)
        except Lost:
            log.warning("another poller went on with the mailbox")
            return
        except (Trouble, NotPossible) as trouble:
            self.done.error = str(trouble)
        else:
            self.done.error = self._refusals()
        self.findings = {"waiting": self.done.left} | self._verdict()

    def _read(self, folder: Folder) -> None:
        uids = folder.uids()
        # Counted from here, so that a folder which takes its time to open is worked off too.
        self._stop = time.monotonic() + self._budget
        batch = BATCH
        if self._held.mailbox.failing_since:
            # What stopped the last poll would stop this one at the same message, and those behind it would never come.
            random.shuffle(uids)
            batch = 1
        self.done.left = len(uids)
        for start in range(0, len(uids), batch):
            self._held.write(waiting=self.done.left)
            taken = self.done.taken
            try:
                if not self._take_batch(folder, uids[start : start + batch]):
                    return
            finally:
                if self.done.taken > taken:
                    poke(Wakeup.INBOUND)

    def _take_batch(self, folder: Folder, uids: list[int]) -> bool:
        """Take these messages, then move them; False once the time is over."""
        sizes = _sizes(folder, uids)
        for uid in uids:
            if time.monotonic() > self._stop:
                self._move_kept(folder)
                return False
            try:
                self._take(folder, uid, sizes.get(uid))
            except Refused as refusal:
                self._refused.append(str(refusal))
            except NotPossible:
                self._move_kept(folder)
                raise
            if self._weight > MOVED_AT_ONCE:
                self._move_kept(folder)
        self._move_kept(folder)
        return True

    def _take(self, folder: Folder, uid: int, size: int | None) -> None:
        """Take one message. What the server says of its size is a hint: no more is fetched than fits."""
        upto = taking.HEAD if (size or 0) > taking.LIMIT else taking.LIMIT + 1
        raw = b"".join(self._held_between(folder.pieces(uid, upto=upto)))
        if not raw and size != 0:
            self.done.left -= 1  # gone: a person, or the poller before us, moved it
            return
        length = max(size or 0, len(raw))
        if length > taking.LIMIT:
            head = raw[: taking.HEAD]
            self._count(taking.take_head(mailbox=self._held.mailbox, head=head, size=length), too_large=True)
        else:
            self._count(taking.take(mailbox=self._held.mailbox, raw=raw))
        target = settings.IMAP_FAILED_FOLDER if length > taking.LIMIT else settings.IMAP_DONE_FOLDER
        self._kept.setdefault(target, []).append(uid)
        self._weight += length

    def _move_kept(self, folder: Folder) -> None:
        """Move what was committed: together, since each move costs some servers a look at the whole folder."""
        kept, self._kept, self._weight = self._kept, {}, 0
        self._held.renew()
        for target, uids in kept.items():
            try:
                folder.move(uids, target)
                self.done.left -= len(uids)
            except Refused:
                self._move_singly(folder, uids, target)

    def _move_singly(self, folder: Folder, uids: list[int], target: str) -> None:
        for uid in uids:
            self._held.renew()
            try:
                folder.move([uid], target)
                self.done.left -= 1
            except Refused as refusal:
                self._refused.append(str(refusal))

    def _held_between(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._held.renew()
            yield piece

    def _count(self, taken: object | None, *, too_large: bool = False) -> None:
        if taken is None:
            self.done.repeated += 1
        elif too_large:
            self.done.too_large += 1
        else:
            self.done.taken += 1

    def _refusals(self) -> str:
        count = len(self._refused)
        if not count:
            return ""
        words = ngettext(
            "%(count)d message stays in the mailbox. %(why)s", "%(count)d messages stay in the mailbox. %(why)s", count
        )
        return words % {"count": count, "why": self._refused[0]}

    def _verdict(self) -> dict[str, Any]:
        if self.done.error:
            log.warning("the mailbox could not be read: %s", self.done.error)
            since = self._held.mailbox.failing_since or now()
            return {"error": self.done.error[:300], "failing_since": since}
        read = {} if self.done.left else {"polled_at": now()}
        return {"error": "", "failing_since": None} | read


def _sizes(folder: Folder, uids: list[int]) -> dict[int, int]:
    try:
        return folder.sizes(uids)
    except Refused:
        # Some servers fail a whole list for one message that they cannot read.
        return {}
