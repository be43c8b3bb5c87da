"""Whether a sender is answered at all: only who is proven, never a machine, not often, and not too many in all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.applications.drafting import LONGEST_ADDRESS
from agreements.core.clock import now, today
from agreements.core.erased import is_erased
from agreements.flows.mailbox import messages
from agreements.flows.mailbox.addresses import is_ours
from agreements.flows.mailbox.became import Answer, Became
from agreements.identity import lists
from agreements.mail import dead_addresses, outbox
from agreements.mail.inbox.models import InboundMail, Outcome, Proof
from agreements.mail.models import OutboxMessage
from agreements.people import accounts

A_DAY_IN_ALL: Final = 200
"""Of each sort: strangers, whose form became a draft, and whoever has applied."""
A_DAY_TO_ONE: Final = 5
A_DAY_TO_AN_ORGANIZATION: Final = 10
"""To how many strangers whose mail one organization signs it is told how to apply."""
DRAFTS_A_DAY: Final = 200
DRAFTS_A_DAY_OF_AN_ORGANIZATION: Final = 30
LATE: Final = dt.timedelta(days=7)
"""How long after it came a message is still acted upon and answered."""
STRANGERS: Final = (messages.HOW_TO_APPLY,)
BEGINNERS: Final = (messages.DRAFT,)
APPLICANTS: Final = tuple(kind for kind in messages.KINDS if kind not in {*STRANGERS, *BEGINNERS})
SORTS: Final = (STRANGERS, BEGINNERS, APPLICANTS)
_A_DAY: Final = dt.timedelta(days=1)


def answered(mail: InboundMail, became: Became, answer: Answer) -> Became:
    """Queue an answer to a locked message, or say in `words` why there is none. Nothing goes to who is in Cc."""
    too_many = _too_many(mail, answer.kind)
    # A draft leads nowhere without its link: that goes out when others are answered again.
    is_put_off = bool(too_many) and answer.kind == messages.DRAFT
    why = why_not(mail) or ("" if is_put_off else too_many)
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
        not_before=now() + _A_DAY if is_put_off else None,
    )
    return became


def why_not(mail: InboundMail) -> str:
    """Return why the sender of a message must not be answered at all, or ''."""
    if why := why_nobody(mail):
        return why
    if dead_addresses.is_dead(mail.sender) is not None:
        return _("mail does not arrive at this address")
    return _("it came more than %(days)d days ago") % {"days": LATE.days} if is_late(mail) else ""


def why_nobody(mail: InboundMail) -> str:
    """Return why there is no person whom a message comes from for certain, or ''."""
    if mail.proof != Proof.PROVEN:
        return _("its sender is not proven")
    if not mail.sender or len(mail.sender) > LONGEST_ADDRESS or is_erased(mail.sender) or is_ours(mail.sender):
        return _("it comes from no address that can be answered")
    return ""


def why_no_draft(mail: InboundMail) -> str:
    """Return why nothing is begun any more today for the sender of a message, or ''."""
    drafts = InboundMail.objects.filter(outcome=Outcome.DRAFT, settled_at__gt=now() - _A_DAY)
    if _of_organization(mail, drafts) >= DRAFTS_A_DAY_OF_AN_ORGANIZATION or drafts.count() >= DRAFTS_A_DAY:
        return _("as many drafts were begun by mail within a day as may be")
    return ""


def is_late(mail: InboundMail) -> bool:
    """Return whether a message came so long ago that it is only shown: what it asks for may be wanted no more."""
    return now() - mail.taken_at > LATE


def _too_many(mail: InboundMail, kind: str) -> str:
    """Return why there are no more answers of this sort within a day, or ''.

    Counted by mailbox and by who signs, since whoever has a domain has as many mailboxes there as they like.
    """
    sort = next(kinds for kinds in SORTS if kind in kinds)
    since = now() - _A_DAY
    answered = InboundMail.objects.filter(answer__kind__in=sort, answer__created_at__gt=since)
    if answered.filter(sender_key=mail.sender_key).count() >= A_DAY_TO_ONE:
        return _("this sender was answered often enough within a day")
    if sort == STRANGERS and _of_organization(mail, answered) >= A_DAY_TO_AN_ORGANIZATION:
        return _("as many senders of this organization as may be were answered within a day")
    if OutboxMessage.objects.filter(kind__in=sort, created_at__gt=since).count() >= A_DAY_IN_ALL:
        return _("%(count)d answers went out within a day, which is the limit") % {"count": A_DAY_IN_ALL}
    return ""


def _of_organization(mail: InboundMail, mails: QuerySet[InboundMail]) -> int:
    """Return how many of these messages were signed under the domain that somebody registered, as this one was."""
    registrable = lists.load().registrable
    own = registrable(mail.proof_domain) or mail.proof_domain
    domains = mails.values_list("proof_domain", flat=True)
    return sum((registrable(domain) or domain) == own for domain in domains)


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
