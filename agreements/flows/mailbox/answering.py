"""Whether a sender is answered at all: only who is proven, never a machine, not often, and not too many in all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agreements.core.clock import now, today
from agreements.core.erased import is_erased
from agreements.flows.mailbox import messages
from agreements.flows.mailbox.addresses import is_ours
from agreements.flows.mailbox.became import Answer, Became
from agreements.mail import dead_addresses, outbox
from agreements.mail.inbox.models import InboundMail, Outcome, Proof
from agreements.mail.models import OutboxMessage
from agreements.people import accounts

A_DAY_IN_ALL: Final = 200
A_DAY_TO_ONE: Final = 5
_LONGEST_ADDRESS: Final = 254


def answered(mail: InboundMail, became: Became, answer: Answer) -> Became:
    """Queue an answer to a locked message, or say in `words` why there is none. Nothing goes to who is in Cc."""
    why = why_not(mail)
    if not why and answer.once_a_day and not _first_today(mail):
        why = _("this sender was answered today already")
    if why:
        outcome = Outcome.KEPT if became.outcome == Outcome.ANSWERED else became.outcome
        words = _("%(what)s Nothing was answered: %(why)s.") % {"what": became.words, "why": why}
        return replace(became, outcome=outcome, words=words, answer=None)
    person = accounts.find(mail.sender)
    mail.answer = outbox.queue(
        kind=answer.kind,
        recipient=mail.sender,
        language=person.language if person else settings.LANGUAGE_CODE,
        reference=answer.reference,
        values=answer.values,
        answers=mail.message_id,
    )
    return became


def why_not(mail: InboundMail) -> str:
    """Return why the sender of a message must not be answered now, or ''."""
    if mail.proof != Proof.PROVEN:
        return _("its sender is not proven")
    if not mail.sender or len(mail.sender) > _LONGEST_ADDRESS or is_erased(mail.sender) or is_ours(mail.sender):
        return _("it comes from no address that can be answered")
    if dead_addresses.is_dead(mail.sender) is not None:
        return _("mail does not arrive at this address")
    recent = OutboxMessage.objects.filter(kind__in=messages.KINDS, created_at__gt=now() - dt.timedelta(days=1))
    if recent.filter(recipient=mail.sender).count() >= A_DAY_TO_ONE:
        return _("this sender was answered often enough within a day")
    if recent.count() >= A_DAY_IN_ALL:
        return _("%(count)d answers went out within a day, which is the limit") % {"count": A_DAY_IN_ALL}
    return ""


def _first_today(mail: InboundMail) -> bool:
    """Note that the sender was answered today; False if another message was first, in whatever process."""
    if mail.answered_on == today():
        return True
    try:
        with transaction.atomic():
            InboundMail.objects.filter(pk=mail.pk).update(answered_on=today())
    except IntegrityError:
        return False
    mail.answered_on = today()
    return True
