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

CAME_BACK: Final = "came-back"
LOST: Final = "lost"
"""A standing across those: what did not arrive and was not sent again since."""


def standing_of(message: OutboxMessage) -> str:
    """Return how a mail stands, as a state that badges know: its own, or that it came back. Agrees with STANDINGS."""
    came_back = message.state == MessageState.SENT and message.bounced_at is not None
    return CAME_BACK if came_back else str(message.state)


def about(*references: str) -> QuerySet[OutboxMessage]:
    """Return all mail about any of the references, oldest first."""
    return OutboxMessage.objects.filter(subject_reference__in=references).order_by("id")


def not_arrived() -> Q:
    """Return the mail that was given up, or that came back after it was sent."""
    return Q(state=MessageState.FAILED) | Q(bounced_at__isnull=False)


def with_prefix(prefix: str) -> QuerySet[OutboxMessage]:
    """Return the mail about references that begin so, newest first."""
    return OutboxMessage.objects.filter(subject_reference__startswith=prefix).order_by("-id")


def in_standing(mails: QuerySet[OutboxMessage], standing: str) -> QuerySet[OutboxMessage]:
    """Return those of some mails that stand in a way: a key of STANDINGS or LOST; all of them for any other word."""
    if standing == LOST:
        again = OutboxMessage.objects.filter(resend_of=OuterRef("pk"))
        return mails.filter(not_arrived()).exclude(Exists(again))
    return mails.filter(STANDINGS.get(standing, Q()))


def holding(mails: QuerySet[OutboxMessage], words: str) -> QuerySet[OutboxMessage]:
    """Return those of some mails in which each of the words is in the recipient, the reference or the subject."""
    for word in words.split():
        named = Q(recipient__icontains=word) | Q(subject_reference__icontains=word)
        mails = mails.filter(named | Q(sent_subject__icontains=word))
    return mails


def tally(mails: QuerySet[OutboxMessage]) -> dict[str, int]:
    """Return how many of some mails stand in which way."""
    wanted = {name.replace("-", "_"): Count("id", filter=rule) for name, rule in STANDINGS.items()}
    found = mails.order_by().aggregate(**wanted)
    return {name: found[name.replace("-", "_")] for name in STANDINGS}


def counts() -> dict[str, int]:
    """Return how many messages are in each state; every state is present."""
    found = OutboxMessage.objects.order_by().values("state").annotate(number=Count("id"))
    return dict.fromkeys(MessageState.values, 0) | {row["state"]: row["number"] for row in found}
