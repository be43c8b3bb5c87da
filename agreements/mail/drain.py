"""Sending what is due.

A row is leased, written, leased anew, sent outside any transaction, then marked. A worker killed in between leaves a
lease that runs out: that one mail may go twice, under the same Message-ID, and no other.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from itertools import islice
from typing import Final

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import translation

from agreements.core import sweep
from agreements.core.clock import now
from agreements.mail import dead_addresses, registry
from agreements.mail.composing import compose
from agreements.mail.delivery import Answer, Outcome, deliver
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.redaction import cut_addresses
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = dt.timedelta(seconds=10)
LONGEST_PAUSE: Final = dt.timedelta(hours=12)
EXCHANGE: Final = 30.0  # seconds for one mail
LEASE: Final = dt.timedelta(seconds=45)  # longer than an exchange, short enough to wait out
ATTEMPTS_TO_WRITE: Final = 10  # about an hour and a half; a mail that cannot be written also holds up the next


def drain(limit: int = 100) -> int:
    """Send up to `limit` mails that are due and return how many rows were settled (sent, failed, superseded)."""
    settled = 0
    for message in islice(sweep.taken(_take), limit):
        answer = _handle(message)
        settled += message.state != MessageState.QUEUED
        # A server that does not answer will not answer the next mail either: leave the rest to the next run.
        if answer is Answer.SILENT:
            break
    return settled


def pause_after(attempts: int) -> dt.timedelta:
    """Return how long to wait after that many attempts: 10 s, doubling, at most 12 h."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def due() -> QuerySet[OutboxMessage]:
    """Return the rows that may be taken up now, the longest due first.

    Mail to one person about one thing keeps its order: what was queued earlier goes first, unless it was given up or
    is kept back for a day to come.
    """
    kept_back = Q(attempts=0, next_attempt_at__gt=now())
    earlier = OutboxMessage.objects.filter(
        subject_reference=OuterRef("subject_reference"),
        recipient=OuterRef("recipient"),
        state=MessageState.QUEUED,
        id__lt=OuterRef("id"),
    ).exclude(Q(subject_reference="") | kept_back)
    return OutboxMessage.objects.filter(
        _free(), ~Exists(earlier), state=MessageState.QUEUED, next_attempt_at__lte=now()
    ).order_by("next_attempt_at", "id")


def _free() -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now())


def _take() -> OutboxMessage | None:
    token = secrets.token_hex(16)
    with transaction.atomic():
        rows = due()
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        found = rows.first()
        if found is None:
            return None
        taken = OutboxMessage.objects.filter(_free(), pk=found.pk, state=MessageState.QUEUED).update(
            lease_token=token,
            leased_until=now() + LEASE,
            attempts=F("attempts") + 1,
            # So that a mail which kills its worker each time waits longer each time, too.
            next_attempt_at=now() + pause_after(found.attempts + 1),
        )
    return OutboxMessage.objects.get(pk=found.pk) if taken else None


def _handle(message: OutboxMessage) -> Answer | None:
    if message.deadline <= now():
        _settle(message, MessageState.FAILED, last_error=message.last_error or "not sent before its deadline")
        return None
    kind = registry.find(message.kind)
    if kind is None:
        _try_again(message, "this kind of mail is not known here")
        return None
    try:
        rendered = _rendered(kind, message)
        mail = compose(message, rendered) if rendered else None
    except Exception as failure:  # one broken kind must not stop the others; the text may hold a secret
        log.error("mail %s of kind %s could not be rendered: %s", message.pk, message.kind, type(failure).__name__)
        words = f"could not be written ({type(failure).__name__})"
        if message.attempts >= ATTEMPTS_TO_WRITE:
            _settle(message, MessageState.FAILED, last_error=words)
        else:
            _try_again(message, words)
        return None
    if rendered is None or mail is None:
        _settle(message, MessageState.SUPERSEDED, last_error="")
        return None
    dead = dead_addresses.is_dead(message.recipient)
    if dead is not None:
        _settle(message, MessageState.FAILED, last_error=dead_addresses.words_of(dead))
        return None
    return _send(message, kind, rendered, mail)


def _send(message: OutboxMessage, kind: MessageKind, rendered: Rendered, mail: EmailMessage) -> Answer | None:
    # Writing it may have taken longer than the lease: another worker may have the mail by now.
    if not _keep(message):
        return None
    outcome = deliver(mail, within=EXCHANGE)
    _conclude(message, kind, rendered, outcome)
    return outcome.answer


def _keep(message: OutboxMessage) -> bool:
    """Have the lease begin anew; return False if it is not this worker's any more."""
    ours = OutboxMessage.objects.filter(pk=message.pk, lease_token=message.lease_token, state=MessageState.QUEUED)
    return bool(ours.update(leased_until=now() + LEASE))


def _rendered(kind: MessageKind, message: OutboxMessage) -> Rendered | None:
    with translation.override(message.language):
        if kind.still_true is not None and not kind.still_true(message):
            return None
        return kind.render(message)


def _conclude(message: OutboxMessage, kind: MessageKind, rendered: Rendered, outcome: Outcome) -> None:
    if outcome.answer is Answer.REFUSED:
        # Both or neither: killed in between, a failed row would leave an address that is tried for ever.
        with transaction.atomic():
            ours = _settle(message, MessageState.FAILED, last_error=outcome.words)
            if ours and outcome.no_such_mailbox:
                status, words = outcome.no_such_mailbox, outcome.words
                dead_addresses.mark(message=message, status=status, words=words, went_out=now())
    elif outcome.answer is not Answer.ACCEPTED:
        _try_again(message, outcome.words)
    else:
        at = now()
        with transaction.atomic():
            ours = _settle(
                message,
                MessageState.SENT,
                last_error="",
                sent_at=at,
                sent_subject=cut_addresses(rendered.subject)[:300],
                sent_text=cut_addresses(rendered.text),
            )
            if ours and kind.on_sent is not None:
                _tell(kind, message, at)


def _tell(kind: MessageKind, message: OutboxMessage, at: dt.datetime) -> None:
    assert kind.on_sent is not None
    try:
        # A savepoint: the mail is out, so nothing that fails here may undo the mark that says so.
        with transaction.atomic():
            kind.on_sent(message, at)
    except Exception as failure:
        log.error("after sending mail %s of kind %s: %s", message.pk, message.kind, type(failure).__name__)


def _try_again(message: OutboxMessage, words: str) -> None:
    at = min(now() + pause_after(message.attempts), message.deadline)
    _settle(message, MessageState.QUEUED, last_error=words, next_attempt_at=at)


def _settle(message: OutboxMessage, state: MessageState, *, last_error: str, **fields: object) -> bool:
    """Write the outcome and give the lease back, unless the lease ran out and another worker has it."""
    fields |= {"state": state, "last_error": last_error[:500], "lease_token": "", "leased_until": None}
    written = OutboxMessage.objects.filter(
        pk=message.pk, lease_token=message.lease_token, state=MessageState.QUEUED
    ).update(**fields)
    for name, value in fields.items():
        setattr(message, name, value)
    return bool(written)
