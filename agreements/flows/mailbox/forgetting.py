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
from agreements.flows.mailbox import claims, opening, raw
from agreements.ledger.act import act
from agreements.mail.inbox import parsing
from agreements.mail.inbox.caps import Unreadable
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome, Proof
from agreements.vault.protocol import NoSuchObject

KEPT_FOR: Final = dt.timedelta(days=365)
"""What belongs to no application; a dataset's `forget_days` stands before it."""
BYTES_KEPT_FOR: Final = dt.timedelta(days=30)
"""The bytes as they came of what nobody is proven to have written, and of what a machine wrote."""
_ENDED: Final = (InboundState.DONE, InboundState.UNREADABLE)


def of_person(who: Named, references: Iterable[str]) -> QuerySet[InboundMail]:
    """Return the mail that says it is from a person's mailboxes, or one of them, or is about their applications."""
    theirs = Q(application_reference__in=list(references)) | Q(pk__in=_among_senders(who))
    for pattern in who.mailboxes():
        theirs |= Q(sender__iregex=pattern)
    return InboundMail.objects.filter(theirs, erased_at=None).order_by("pk")


def _among_senders(who: Named) -> list[int]:
    """Return the keys of messages with several senders, or one that could not be read, that name a person there."""
    unclear = InboundMail.objects.filter(sender="", erased_at=None).exclude(sender_name="")
    said = unclear.values_list("pk", "sender_name").iterator(chunk_size=1000)
    return [pk for pk, senders in said if who.cut(senders) != senders]


def erase(mails: QuerySet[InboundMail]) -> set[str]:
    """Erase messages in the caller's transaction; return the digests that nothing opens any more.

    Their papers go too, and with `remove_files` their bytes.
    """
    digests: set[str] = set()
    for mail in mails.select_for_update():
        digests.add(mail.sha256)
        digests |= {document.sha256 for document in papers.mark(opening.papers_of(mail))}
        claims.wipe(mail)
        mail.reason = mail.proof_domain = ""
        mail.answered_on, mail.proof_reasons = None, []
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


def bytes_naming(who: Named) -> list[int]:
    """Return the keys of messages that were read whose bytes name a person in their header or text.

    Outside of any transaction: it opens every message in the store that is kept. Raises OutOfReach.
    """
    kept = InboundMail.objects.filter(erased_at=None, state__in=_ENDED).exclude(store_key="").order_by("pk")
    return [mail.pk for mail in kept.iterator(chunk_size=100) if _is_named_in(mail, who)]


def let_go_of_bytes(pks: Iterable[int]) -> list[str]:
    """Take from messages, in the caller's transaction, the bytes as they came; return their keys for `raw.discard`.

    Whoever is killed before that leaves bytes to which nothing refers: these go a day after they are seen.
    """
    mails = InboundMail.objects.filter(pk__in=list(pks), state__in=_ENDED).exclude(store_key="").order_by("pk")
    keys = {mail.pk: mail.store_key for mail in mails.select_for_update()}
    InboundMail.objects.filter(pk__in=keys).update(store_key="")
    return list(keys.values())


def remove_files() -> int:
    """Delete the bytes of erased messages that are still there; return how many. Raises OutOfReach."""
    return _remove(InboundMail.objects.filter(erased_at__isnull=False), budget=None)


def remove_bytes_in_time(*, budget: float = BUDGET) -> int:
    """Delete bytes that are kept for a shorter time than what was read in them; return of how many. Raises OutOfReach.

    At once of word that a mail did not arrive: it quotes the mail with its links. After `BYTES_KEPT_FOR` of what a
    machine wrote, and of what is about no application and from nobody proven: anybody can send as much as they like.
    """
    old = Q(taken_at__lte=now() - BYTES_KEPT_FOR)
    nobodys = Q(application_reference="") & ~Q(proof=Proof.PROVEN)
    over = Q(outcome=Outcome.BOUNCE) | (old & (Q(outcome=Outcome.AUTOMATIC) | nobodys))
    return _remove(InboundMail.objects.filter(over, state__in=_ENDED), budget=budget)


def _remove(mails: QuerySet[InboundMail], *, budget: float | None) -> int:
    stop, removed = time.monotonic() + (budget or float("inf")), 0
    for mail in mails.exclude(store_key="").only("pk", "store_key").order_by("pk"):
        if time.monotonic() >= stop:
            break
        raw.remove(mail)
        removed += 1
    return removed


def _is_named_in(mail: InboundMail, who: Named) -> bool:
    try:
        data = raw.bytes_of(mail)
    except (NoSuchObject, ValueError):
        return False
    return any(who.cut(text) != text for text in _texts(data))


def _texts(data: bytes) -> list[str]:
    """Return what a message says in its header and its text; of one that cannot be read all of its bytes."""
    try:
        parsed = parsing.read(data)
    except Unreadable:
        return [data.decode("utf-8", "replace")]
    fields = [value for values in parsed.fields.values() for value in values]
    return [*fields, parsed.sender, parsed.sender_name, *parsed.to, *parsed.cc, parsed.subject, parsed.text]
