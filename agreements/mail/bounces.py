"""Word of mail that did not arrive, and what becomes of the mail's row and of the address.

Anybody can write such a word. One that shows a tag of the mail, which is in no answer and no list (`envelopes`), is
believed: about that mail's recipient and nobody else. A Message-ID is in every answer's header for ever; whoever knows
one can have that mail shown as come back, for a week, and no more: no address is dead by it and no words are kept.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.mail import bounce_reading, dead_addresses, envelopes
from agreements.mail.bounce_reading import DELAYED, FAILED, Failure, Report
from agreements.mail.forgetting import CODE_KINDS
from agreements.mail.models import MessageState, OutboxMessage

log = logging.getLogger(__name__)

# They speak of this one mail (too large, not liked) or of a full mailbox, not of an address where nobody is.
_NOT_OF_THE_ADDRESS: Final = ("5.2.2", "5.2.3", "5.3.4", "5.6.", "5.7.")
# Servers give a mail up after five days at the latest (RFC 5321, 4.5.4.1).
NEWS_FOR: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Bounce:
    """Word of a mail. `message` is the row's key, None if it is none of ours or shows no proof that it is."""

    message: int | None
    status: str
    recipient: str


def note_bounce(raw: bytes) -> Bounce | None:
    """Take a message as it came. Return what it says of a mail that did not arrive, None if it is no such word.

    Safe to run twice with the same message. Never raises: what cannot be read is no bounce.
    """
    try:
        report = bounce_reading.read(raw)
        return _note(report) if report else None
    except Exception as failure:  # RecursionError among them; the text may quote anything
        log.warning("a message could not be read as a bounce: %s", type(failure).__name__)
        return None


def came_back(message: OutboxMessage, *, action: str, status: str, words: str, of_address: bool = True) -> None:
    """Write down what became of a mail after it was sent, and whether its recipient's address is dead by that.

    `of_address` is False where the word says nothing of that address: another failed, to which it was forwarded, or
    nothing shows who wrote it.
    """
    dead = of_address and action == FAILED and _is_of_the_address(status)
    fields: dict[str, object] = {"bounce_status": status[:12], "bounce_words": words[:500]}
    with transaction.atomic():
        row = OutboxMessage.objects.select_for_update().get(pk=message.pk)
        if row.bounced_at is not None:
            return
        if action == FAILED:
            fields["bounced_at"] = now()
        OutboxMessage.objects.filter(pk=row.pk).update(**fields)
        went_out = row.sent_at or row.created_at
        # Whoever was passed on a mail has its tag for ever: late news, and news of who came in since, marks nobody.
        if dead and _is_known(row) and went_out > now() - NEWS_FOR and not _lived_since(row):
            dead_addresses.mark(message=row, status=status, words=words or status, went_out=went_out)


def _note(report: Report) -> Bounce | None:
    told = [failure for failure in report.failures if failure.action in {FAILED, DELAYED}]
    if not told:
        return None
    tagged = envelopes.message_named_by(report.delivered_to) or envelopes.message_marked_by(report.marks)
    if tagged is not None:
        about = _about(tagged, told)
        failure = about or told[0]
        came_back(
            tagged,
            action=failure.action,
            status=failure.status,
            words=failure.words,
            of_address=about is not None,
        )
        return Bounce(tagged.pk, failure.status, failure.recipient)
    return _note_unproven(report, told)


def _note_unproven(report: Report, told: list[Failure]) -> Bounce:
    """Take word that shows a Message-ID at most: of a mail that went out within days, to somebody silent since."""
    lately = OutboxMessage.objects.filter(state=MessageState.SENT, sent_at__gt=now() - NEWS_FOR)
    message = lately.filter(message_id__in=report.message_ids).first()
    failure = _about(message, told) if message else None
    if message is None or failure is None or _lived_since(message):
        return Bounce(None, told[0].status, told[0].recipient)
    came_back(message, action=failure.action, status=failure.status, words="", of_address=False)
    return Bounce(message.pk, failure.status, failure.recipient)


def _lived_since(message: OutboxMessage) -> bool:
    return dead_addresses.was_active_since(message.recipient, message.sent_at or message.created_at)


def _about(message: OutboxMessage, failures: list[Failure]) -> Failure | None:
    key = comparison_key(message.recipient)
    return next((failure for failure in failures if key in failure.keys), None)


def _is_of_the_address(status: str) -> bool:
    return status.startswith("5.") and not status.startswith(_NOT_OF_THE_ADDRESS)


def _is_known(message: OutboxMessage) -> bool:
    """Return whether anything but codes ever went to a recipient: anybody can type any address into sign-in."""
    if message.kind not in CODE_KINDS:
        return True
    return OutboxMessage.objects.filter(recipient=message.recipient).exclude(kind__in=CODE_KINDS).exists()
