"""Reading the outbox."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from agreements.mail.models import MessageState, OutboxMessage


def about(*references: str) -> QuerySet[OutboxMessage]:
    """Return all mail about any of the references, oldest first."""
    return OutboxMessage.objects.filter(subject_reference__in=references).order_by("id")


def not_arrived() -> Q:
    """Return the mail that was given up, or that came back after it was sent."""
    return Q(state=MessageState.FAILED) | Q(bounced_at__isnull=False)


def failed(*, prefix: str = "") -> QuerySet[OutboxMessage]:
    """Return the mail that did not arrive, newest first: all, or that about references which begin with `prefix`."""
    return OutboxMessage.objects.filter(not_arrived(), subject_reference__startswith=prefix).order_by("-id")


def counts() -> dict[str, int]:
    """Return how many messages are in each state; every state is present."""
    found = OutboxMessage.objects.order_by().values("state").annotate(number=Count("id"))
    return dict.fromkeys(MessageState.values, 0) | {row["state"]: row["number"] for row in found}
