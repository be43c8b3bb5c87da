"""Putting mail into the outbox, in the transaction of the decision that asks for it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible, TooMany
from agreements.core.wakeups import Wakeup, poke
from agreements.mail import dead_addresses, registry, telling
from agreements.mail.composing import new_message_id
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.queries import about
from agreements.mail.telling import Told, What

__all__ = ["Draft", "about", "can_resend", "queue", "queue_many", "resend"]

TIME_TO_DELIVER: Final = dt.timedelta(days=3)
RESENDS_PER_HOUR: Final = 5
_AT_ONCE: Final = 500
# RFC 5322, 3.6.4, as far as it is safe to repeat: strangers wrote it.
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,198}>")


@dataclass(frozen=True, slots=True)
class Draft:
    """One of many mails that are queued together; `values` never hold a secret."""

    kind: str
    recipient: str
    language: str
    reference: str
    values: dict[str, Any]


def queue(
    *,
    kind: str,
    recipient: str,
    language: str,
    reference: str,
    values: dict[str, Any],
    deadline: dt.datetime | None = None,
    answers: str = "",
    not_before: dt.datetime | None = None,
) -> OutboxMessage:
    """Return the waiting row; it is sent after the caller's transaction commits. `values` never hold a secret.

    `answers` is the Message-ID of mail that came in, to whose thread this belongs in its sender's mailbox. `not_before`
    keeps it back; what is queued later about the same thing does not wait for it.
    """
    due = not_before or now()
    return _queue(
        kind=kind,
        recipient=recipient,
        language=language,
        subject_reference=reference,
        values=values,
        next_attempt_at=due,
        deadline=deadline or due + TIME_TO_DELIVER,
        answers=answers,
    )


def queue_many(drafts: Iterable[Draft], *, deadline: dt.datetime | None = None) -> list[OutboxMessage]:
    """Return a waiting row for each, as `queue` makes them, in a few queries for thousands."""
    wanted = list(drafts)
    threads = _threads(wanted)
    messages = []
    for draft in wanted:
        message = OutboxMessage(
            kind=draft.kind,
            recipient=draft.recipient,
            language=_known(draft.language),
            subject_reference=draft.reference,
            values=draft.values,
            message_id=new_message_id(),
            thread=threads.get((draft.reference, draft.recipient), ""),
            deadline=deadline or now() + TIME_TO_DELIVER,
        )
        messages.append(message)
        if draft.reference:
            threads.setdefault((draft.reference, draft.recipient), message.message_id)
    made = OutboxMessage.objects.bulk_create(messages, batch_size=_AT_ONCE)
    if made:
        poke(Wakeup.MAIL)
    return made


def can_resend(message: OutboxMessage) -> bool:
    """Return whether a mail is of those that may be sent again; `resend` looks at what happened since, too."""
    kind = registry.find(message.kind)
    return kind is not None and kind.resendable and message.state in {MessageState.SENT, MessageState.FAILED}


def resend(*, message: OutboxMessage, by: Actor, as_role: str) -> OutboxMessage:
    """Return a new waiting row with the same content, and have the record say so. Raises NotPossible, TooMany.

    Whether `by` may ask for it, and as what, is settled by whoever knows what the mail is about.
    """
    with transaction.atomic():
        # Who asks second waits here for the first, and then finds the mail waiting: the first row stands for all.
        OutboxMessage.objects.select_for_update().get(pk=_same(message).order_by("pk").values("pk")[:1])
        _check_resendable(message)
        again = _queue(
            kind=message.kind,
            recipient=message.recipient,
            language=message.language,
            subject_reference=message.subject_reference,
            values=message.values,
            deadline=now() + TIME_TO_DELIVER,
            answers=message.thread,
            resend_of=message,
            requested_by=by.id,
        )
        about_it = message.subject_reference
        telling.tell(Told(What.SENT_AGAIN, message.kind, message.recipient, about_it, by, as_role))
    return again


def _check_resendable(message: OutboxMessage) -> None:
    kind = registry.find(message.kind)
    if kind is None or not kind.resendable:
        raise NotPossible(_("This mail cannot be sent again."))
    same = _same(message)
    if same.filter(state=MessageState.QUEUED).exists():
        raise NotPossible(_("This mail is already waiting to be sent."))
    if kind.still_true is not None and not kind.still_true(message):
        raise NotPossible(_("What this mail says is no longer true, so it is not sent again."))
    if (dead := dead_addresses.is_dead(message.recipient)) is not None:
        words = dead_addresses.words_of(dead)
        raise NotPossible(_("Nothing is sent there: %(words)s") % {"words": words})
    recent = same.filter(resend_of__isnull=False, created_at__gt=now() - dt.timedelta(hours=1))
    if recent.count() >= RESENDS_PER_HOUR:
        raise TooMany(
            _("This mail was sent again several times within the hour. Please look in the spam folder, too."),
            retry_after=3600,
        )


def _same(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """Return all that say the same to the same person about the same thing, this one included."""
    return OutboxMessage.objects.filter(
        kind=message.kind, recipient=message.recipient, subject_reference=message.subject_reference
    )


def _queue(*, recipient: str, subject_reference: str, language: str, answers: str = "", **fields: Any) -> OutboxMessage:
    # A thread is what one person has in one mailbox: the first mail to them about this reference starts it.
    first = about(subject_reference).filter(recipient=recipient).first() if subject_reference else None
    message = OutboxMessage.objects.create(
        recipient=recipient,
        subject_reference=subject_reference,
        language=_known(language),
        message_id=new_message_id(),
        thread=thread_of(answers) or (first.message_id if first else ""),
        **fields,
    )
    poke(Wakeup.MAIL)
    return message


def _threads(drafts: list[Draft]) -> dict[tuple[str, str], str]:
    """Return the Message-ID of the first mail about each reference to each recipient, where there was one."""
    references = sorted({draft.reference for draft in drafts if draft.reference})
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(references), _AT_ONCE):
        earlier = about(*references[start : start + _AT_ONCE])
        for reference, recipient, message_id in earlier.values_list("subject_reference", "recipient", "message_id"):
            found.setdefault((reference, recipient), message_id)
    return found


def thread_of(message_id: str) -> str:
    """Return a Message-ID of mail that came in, as it may stand in a header of ours; empty if it may not."""
    text = message_id.strip()
    return text if _MESSAGE_ID.fullmatch(text) else ""


def _known(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
