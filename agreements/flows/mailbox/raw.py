"""The raw bytes of messages, in the private store."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.mail.inbox.models import InboundMail, Mailbox
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject, OutOfReach, Store

log = logging.getLogger(__name__)

_PREFIX: Final = "mail-"
_SEEN: Final = "mailbox.raw.nothing-refers-to"
_LEFT_ALONE: Final = dt.timedelta(days=1)
"""Bytes are stored before their row: that does not take a day."""


def keep(raw: bytes, *, mailbox: Mailbox) -> str:
    """Store the bytes of a message and return their key, the same each time. Raises NotPossible, nothing stored."""
    key = f"{_PREFIX}{mailbox.pk}-{sha256(raw).hexdigest()}"
    try:
        stores.papers().put(key, iter([raw]))
    except OSError as failure:
        log.error("a message of %d bytes could not be stored: %s", len(raw), failure)
        raise NotPossible(
            _("A message could not be kept: our store is full or does not answer. It stays in the mailbox.")
        ) from failure
    return key


def bytes_of(mail: InboundMail) -> bytes:
    """Return what was kept of a message: all of it, or the beginning of one that was too large.

    Raises NoSuchObject once it was removed, OutOfReach, and ValueError if it is no longer what was kept.
    """
    if not mail.store_key:
        raise NoSuchObject(f"mail {mail.pk}")
    store = stores.papers()
    data = b"".join(store.open_range(mail.store_key, 0, store.size(mail.store_key)))
    if sha256(data).hexdigest() != mail.sha256:
        raise ValueError(f"mail {mail.pk} is not what was kept")
    return data


def remove(mail: InboundMail) -> None:
    """Delete the bytes of a message for good; that it came stays known by its hash. Raises OutOfReach."""
    if mail.store_key:
        stores.papers().delete(mail.store_key)
        InboundMail.objects.filter(pk=mail.pk).update(store_key="")
        mail.store_key = ""


def discard(keys: Iterable[str]) -> None:
    """Delete bytes to which no message refers any more. Raises OutOfReach."""
    for key in keys:
        stores.papers().delete(key)


def remove_lost() -> int:
    """Delete bytes to which no message refers since a day, and return how many: a poller was killed before its row.

    The first call sees what is lost, one a day later deletes it. A store that is out of reach is left for the next.
    """
    try:
        return _remove_lost(stores.papers())
    except OutOfReach as failure:
        log.error("bytes of mail that nothing refers to were not looked for: %s", failure)
        return 0


def _remove_lost(store: Store) -> int:
    before: dict[str, str] = cache.get(_SEEN) or {}
    known = set(InboundMail.objects.exclude(store_key="").values_list("store_key", flat=True))
    there = {key for key in store.names() if key.startswith(_PREFIX)}
    lost = {key: before.get(key, now().isoformat()) for key in there - known}
    old = [key for key, since in lost.items() if dt.datetime.fromisoformat(since) < now() - _LEFT_ALONE]
    removed = 0
    for key in old:
        # Looked at once more: the message may have been taken since the list was made.
        if not InboundMail.objects.filter(store_key=key).exists():
            store.delete(key)
            lost.pop(key)
            removed += 1
    cache.set(_SEEN, lost, timeout=None)
    return removed
