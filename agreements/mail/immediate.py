"""Mail that a person is waiting for on a page: sent within the request, never queued, nothing of its text kept."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.core.errors import DomainError
from agreements.mail.composing import compose, new_message_id
from agreements.mail.delivery import Answer, deliver
from agreements.mail.models import OutboxMessage
from agreements.mail.rendering import Rendered

WITHIN: Final = 5.0


class NotSent(DomainError):
    """The mail server did not take the mail; the person may try again."""


def send_now(*, kind: str, recipient: str, language: str, subject: str, text: str, html: str) -> None:
    """Send one mail within five seconds. Raises NotSent with words for the person."""
    message = OutboxMessage(kind=kind, recipient=recipient, language=language, message_id=new_message_id())
    outcome = deliver(compose(message, Rendered(subject=subject, text=text, html=html)), within=WITHIN)
    if outcome.answer == Answer.REFUSED:
        raise NotSent(_("The mail server does not deliver to this address. Check it for a typing mistake."))
    if outcome.answer != Answer.ACCEPTED:
        raise NotSent(_("Our mail server does not answer just now. Your address is kept; try again in a minute."))
