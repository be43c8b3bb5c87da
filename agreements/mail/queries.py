"""Reading the outbox."""

from __future__ import annotations

from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from agreements.mail.models import MessageState, OutboxMessage

_SENT: Final = Q(state=MessageState.SENT)
STANDINGS: Final = {
    "waiting": Q(state=MessageState.QUEUED),
    "sent": _SENT & Q(bounced_at=None),
    "came-back": _SENT & Q(bounced_at__isnull=False),
    "failed": Q(state=MessageState.FAILED),
    "superseded": Q(state=MessageState.SUPERSEDED),
}
"""How mail stands for whoever looks for it, each mail in one of them."""


def about(*references: str) -> QuerySet[OutboxMessage]:
    """Return all mail about any of the references, oldest first."""
    return OutboxMessage.objects.filter(subject_reference__in=references).order_by("id")


def not_arrived() -> Q:
    """Return the mail that was given up, or that came back after it was sent."""
    return Q(state=MessageState.FAILED) | Q(bounced_at__isnull=False)


def failed(*, prefix: str = "") -> QuerySet[OutboxMessage]:
    """Return the mail that did not arrive, newest first: all, or that about references which begin with `prefix`."""
    return OutboxMessage.objects.filter(not_arrived(), subject_reference__startswith=prefix).order_by("-id")


def lost(*, prefix: str) -> QuerySet[OutboxMessage]:
    """Return the mail about references of a prefix that did not arrive and was not sent again since, newest first."""
    again = OutboxMessage.objects.filter(resend_of=OuterRef("pk"))
    return failed(prefix=prefix).exclude(Exists(again))


def listing(*, prefix: str, standing: str = "", words: str = "") -> QuerySet[OutboxMessage]:
    """Return the mail about references that begin with `prefix`, newest first.

    `standing` is a key of STANDINGS or empty; each of the `words` is in the recipient, the reference or the subject.
    """
    found = OutboxMessage.objects.filter(subject_reference__startswith=prefix)
    if standing in STANDINGS:
        found = found.filter(STANDINGS[standing])
    for word in words.split():
        named = Q(recipient__icontains=word) | Q(subject_reference__icontains=word)
        found = found.filter(named | Q(sent_subject__icontains=word) | Q(kind__icontains=word))
    return found.order_by("-id")


def tally(*, prefix: str) -> dict[str, int]:
    """Return how much of the mail about references that begin with `prefix` stands in which way."""
    wanted = {name.replace("-", "_"): Count("id", filter=rule) for name, rule in STANDINGS.items()}
    found = OutboxMessage.objects.filter(subject_reference__startswith=prefix).aggregate(**wanted)
    return {name: found[name.replace("-", "_")] for name in STANDINGS}


def counts() -> dict[str, int]:
    """Return how many messages are in each state; every state is present."""
    found = OutboxMessage.objects.order_by().values("state").annotate(number=Count("id"))
    return dict.fromkeys(MessageState.values, 0) | {row["state"]: row["number"] for row in found}
