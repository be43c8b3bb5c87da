"""Forgetting mail that came in: what it said goes, its row stays, so that it is not taken in again.

The copy in the folder of the mail server, where it was moved, is the operator's to delete.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from typing import Final

from django.db.models import Q, QuerySet

from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.core.erased import Named
from agreements.core.sweep import BUDGET
from agreements.documents import erasing as papers
from agreements.flows.mailbox import opening, raw
from agreements.ledger.act import act
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome

KEPT_FOR: Final = dt.timedelta(days=365)
"""What belongs to no application; a dataset's `forget_days` stands before it."""
_ENDED: Final = (InboundState.DONE, InboundState.UNREADABLE)
# What a message says, and where.
_SAID: Final = ("sender", "sender_key", "sender_name", "subject", "text", "message_id", "reason", "proof_domain")


def of_person(who: Named, references: Iterable[str]) -> QuerySet[InboundMail]:
    """Return the mail that says it is from a person's mailboxes, or is about their applications."""
    theirs = Q(application_reference__in=list(references))
    for pattern in who.mailboxes():
        theirs |= Q(sender__iregex=pattern)
    return InboundMail.objects.filter(theirs, erased_at=None).order_by("pk")


def erase(mails: QuerySet[InboundMail]) -> set[str]:
    """Erase messages in the caller's transaction; return the digests that nothing opens any more.

    Their papers go too, and with `remove_files` their bytes.
    """
    digests: set[str] = set()
    for mail in mails.select_for_update():
        digests.add(mail.sha256)
        digests |= {document.sha256 for document in papers.mark(opening.papers_of(mail))}
        for name in _SAID:
            setattr(mail, name, "")
        mail.sent_at, mail.answered_on, mail.attachments, mail.proof_reasons = None, None, [], []
        if mail.state not in _ENDED:
            mail.state, mail.outcome, mail.settled_at = InboundState.DONE, Outcome.KEPT, now()
        mail.erased_at = now()
        mail.save()
    return digests


def erase_about(*references: str) -> set[str]:
    """Erase the mail about applications in the caller's transaction, whoever sent it, and return its digests."""
    return erase(InboundMail.objects.filter(application_reference__in=references, erased_at=None).order_by("pk"))


def due(*, at: dt.datetime) -> QuerySet[InboundMail]:
    """Return what belongs to no application and whose time is over at a moment, the oldest first."""
    rest = InboundMail.objects.filter(application_reference="", erased_at=None, state__in=_ENDED)
    own = {each.slug: each.forget_days for each in Dataset.objects.exclude(forget_days=None)}
    over = Q(taken_at__lte=at - KEPT_FOR) & ~Q(dataset_slug__in=own)
    for slug, days in own.items():
        over |= Q(dataset_slug=slug, taken_at__lte=at - dt.timedelta(days=days or 0))
    return rest.filter(over).order_by("taken_at", "pk")


def forget_due(*, budget: float = BUDGET) -> int:
    """Erase what is due, each in a transaction of its own, for `budget` seconds; return how many messages."""
    stop, forgotten = time.monotonic() + budget, 0
    for pk in list(due(at=now()).values_list("pk", flat=True)):
        if time.monotonic() >= stop:
            break
        with act():
            forgotten += bool(erase(due(at=now()).filter(pk=pk)))
    return forgotten


def remove_files() -> int:
    """Delete the bytes of erased messages that are still there; return how many. Raises OutOfReach."""
    removed = 0
    for mail in InboundMail.objects.filter(erased_at__isnull=False).exclude(store_key=""):
        raw.remove(mail)
        removed += 1
    return removed
