"""Forgetting mails: of codes, and of what or whom they told when that is erased. Rows stay, without words."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Q, QuerySet

from agreements.core import erased
from agreements.core.clock import now
from agreements.core.erased import Named
from agreements.mail.models import DeadAddress, MessageState, OutboxMessage

CODE_KINDS: Final = ("sign-in-code", "fresh-code", "address-code", "moving-code", "signing-code", "terms-code")
KEPT_FOR: Final = dt.timedelta(days=1)
_BATCH: Final = 500
_WORDS: Final = ("sent_subject", "sent_text", "last_error", "bounce_words")


def forget_codes() -> int:
    """Delete what tells of mailed codes once it is older than a day; return how many rows went."""
    old = OutboxMessage.objects.filter(kind__in=CODE_KINDS, created_at__lt=now() - KEPT_FOR)
    return old.exclude(state=MessageState.QUEUED).delete()[0]


def forget_about(*references: str, who: Named) -> int:
    """Erase the words of all mails about the references, whoever got them; return how many mails.

    A recipient stays unless it is one of the mailboxes of `who`. What waits is not sent, and what is on its way in
    this moment writes down nothing.
    """
    forgotten = 0
    for message in OutboxMessage.objects.filter(subject_reference__in=references).iterator(chunk_size=_BATCH):
        forgotten += _forget(message, address=erased.ADDRESS if who.owns(message.recipient) else message.recipient)
    return forgotten


def give_up(mails: QuerySet[OutboxMessage]) -> int:
    """Send none of these mails, return how many. One under way finds its lease gone, and writes nothing down."""
    return mails.update(state=MessageState.SUPERSEDED, lease_token="", leased_until=None)


def forget_person(who: Named, *, address: str) -> int:
    """Erase the mails to a person's mailboxes, which become `address`, and their name from mails to others.

    Return how many mails.
    """
    theirs, dead = Q(), Q()
    for pattern in who.mailboxes():
        theirs |= Q(recipient__iregex=pattern)
        dead |= Q(address__iregex=pattern)
    if dead:
        DeadAddress.objects.filter(dead).delete()
    mails = OutboxMessage.objects.filter(theirs) if theirs else OutboxMessage.objects.none()
    forgotten = sum(_forget(message, address=address) for message in mails.iterator(chunk_size=_BATCH))
    return forgotten + sum(_cut(message, who) for message in _naming(who).iterator(chunk_size=_BATCH))


def _naming(who: Named) -> QuerySet[OutboxMessage]:
    """Return the mails that may name somebody. Values are JSON, which databases spell differently: all are read."""
    said = ~Q(values={})
    for word in who.words():
        for field in _WORDS:
            said |= Q(**{f"{field}__icontains": word})
    return OutboxMessage.objects.filter(said)


def _forget(message: OutboxMessage, *, address: str) -> bool:
    left = {"recipient": address, "values": {}, "thread": ""} | dict.fromkeys(_WORDS, "")
    return _write(message, left | ({"state": MessageState.SUPERSEDED} if _waits(message) else {}))


def _cut(message: OutboxMessage, who: Named) -> bool:
    cut: dict[str, Any] = {name: who.cut(getattr(message, name)) for name in _WORDS}
    return _write(message, cut | {"values": who.cut_all(message.values)})


def _write(message: OutboxMessage, fields: dict[str, Any]) -> bool:
    """Write what differs. A mail that is being sent meanwhile finds its lease gone, and writes nothing down."""
    changed = {name: value for name, value in fields.items() if value != getattr(message, name)}
    if changed:
        gone = {"lease_token": "", "leased_until": None} if "state" in changed else {}
        OutboxMessage.objects.filter(pk=message.pk).update(**changed, **gone)
    return bool(changed)


def _waits(message: OutboxMessage) -> bool:
    return message.state == MessageState.QUEUED
