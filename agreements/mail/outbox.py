"""Putting mail into the outbox, in the transaction of the decision that asks for it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible, TooMany
from agreements.core.wakeups import Wakeup, poke
from agreements.mail import registry
from agreements.mail.composing import new_message_id
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.queries import about

__all__ = ["about", "can_resend", "queue", "resend"]

TIME_TO_DELIVER: Final = dt.timedelta(days=3)
RESENDS_PER_HOUR: Final = 5


def queue(
    *,
    kind: str,
    recipient: str,
    language: str,
    reference: str,
    values: dict[str, Any],
    deadline: dt.datetime | None = None,
) -> OutboxMessage:
    """Return the waiting row; it is sent after the caller's transaction commits. `values` never hold a secret."""
    return _queue(
        kind=kind,
        recipient=recipient,
        language=language,
        subject_reference=reference,
        values=values,
        deadline=deadline or now() + TIME_TO_DELIVER,
    )


def can_resend(message: OutboxMessage) -> bool:
    """Return whether a mail is of those that may be sent again; `resend` looks at what happened since, too."""
    kind = registry.find(message.kind)
    return kind is not None and kind.resendable and message.state in {MessageState.SENT, MessageState.FAILED}


def resend(*, message: OutboxMessage, by: Actor) -> OutboxMessage:
    """Return a new waiting row with the same content. Raises NotPossible, TooMany.

    Whether `by` may ask for it is settled by whoever knows what the mail is about.
    """
    with transaction.atomic():
        # Who asks second waits here for the first, and then finds the mail waiting: the first row stands for all.
        OutboxMessage.objects.select_for_update().get(pk=_same(message).order_by("pk").values("pk")[:1])
        _check_resendable(message)
        return _queue(
            kind=message.kind,
            recipient=message.recipient,
            language=message.language,
            subject_reference=message.subject_reference,
            values=message.values,
            deadline=now() + TIME_TO_DELIVER,
            resend_of=message,
            requested_by=by.id,
        )


def _check_resendable(message: OutboxMessage) -> None:
    kind = registry.find(message.kind)
    if kind is None or not kind.resendable:
        raise NotPossible(_("This mail cannot be sent again."))
    same = _same(message)
    if same.filter(state=MessageState.QUEUED).exists():
        raise NotPossible(_("This mail is already waiting to be sent."))
    if kind.still_true is not None and not kind.still_true(message):
        raise NotPossible(_("What this mail says is no longer true, so it is not sent again."))
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


def _queue(*, recipient: str, subject_reference: str, language: str, **fields: Any) -> OutboxMessage:
    # A thread is what one person has in one mailbox: the first mail to them about this reference starts it.
    first = about(subject_reference).filter(recipient=recipient).first() if subject_reference else None
    message = OutboxMessage.objects.create(
        recipient=recipient,
        subject_reference=subject_reference,
        language=_known(language),
        message_id=new_message_id(),
        thread=first.message_id if first else "",
        **fields,
    )
    poke(Wakeup.MAIL)
    return message


def _known(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
