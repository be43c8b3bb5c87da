"""Mail that a person is waiting for on a page: sent within the request, nothing of its text kept."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.errors import DomainError
from agreements.mail.composing import compose, new_message_id
from agreements.mail.delivery import Answer, deliver
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.rendering import Rendered

WITHIN: Final = 5.0  # seconds


class NotSent(DomainError):
    """The mail server did not take the mail; the person may try again."""


def send_now(*, kind: str, recipient: str, language: str, subject: str, text: str, html: str) -> OutboxMessage:
    """Send one mail within five seconds and return its row, which holds neither subject nor text.

    Raises NotSent with words for the person. For codes, which are of no use later: the row is never queued. Not
    to be called inside a transaction, since it waits for a server.
    """
    at = now()
    message = OutboxMessage.objects.create(
        kind=kind,
        recipient=recipient,
        language=language,
        message_id=new_message_id(),
        # Failed until the server has accepted: a process killed in between leaves the truth behind.
        state=MessageState.FAILED,
        deadline=at,
        attempts=1,
        last_error="interrupted",
    )
    outcome = deliver(compose(message, Rendered(subject=subject, text=text, html=html)), within=WITHIN)
    if outcome.answer is Answer.ACCEPTED:
        _mark(message, state=MessageState.SENT, sent_at=now(), last_error="")
        return message
    _mark(message, last_error=outcome.words[:500])
    if outcome.answer is Answer.REFUSED:
        raise NotSent(_("The mail server does not deliver to this address. Check it for a typing mistake."))
    raise NotSent(_("Our mail server does not answer just now. Your address is kept; try again in a minute."))


def _mark(message: OutboxMessage, **fields: object) -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(**fields)
    for name, value in fields.items():
        setattr(message, name, value)
