"""How much is waiting, as lines of Prometheus' text format."""

from __future__ import annotations

from django.db.models import Count

from agreements.applications.models import EvidenceRun, EvidenceState
from agreements.core.clock import now
from agreements.flows.mailbox import looking
from agreements.mail.inbox.models import InboundMail, InboundState
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.queries import counts


def lines() -> list[str]:
    """Return the gauges, one a line."""
    return [*_mail_lines(), *_mailbox_lines(), *_evidence_lines()]


def _mail_lines() -> list[str]:
    counted = counts()
    waiting = OutboxMessage.objects.filter(state=MessageState.QUEUED)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    age = (now() - oldest).total_seconds() if oldest else 0
    return [
        *(f'countersign_mail{{state="{state}"}} {counted.get(state, 0)}' for state in MessageState.values),
        f"countersign_mail_oldest_waiting_seconds {age:.0f}",
    ]


def _mailbox_lines() -> list[str]:
    """Return what is known of the mailbox that is configured; nothing without one. -1: never read to its end."""
    mailbox = looking.mailbox_now()
    if mailbox is None or mailbox.pk is None:
        return []
    age = (now() - mailbox.polled_at).total_seconds() if mailbox.polled_at else -1
    failing = (now() - mailbox.failing_since).total_seconds() if mailbox.failing_since else 0
    rows = InboundMail.objects.filter(mailbox=mailbox)
    counted = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    return [
        f"countersign_mailbox_read_seconds_ago {age:.0f}",
        f"countersign_mailbox_failing_seconds {failing:.0f}",
        f"countersign_mailbox_waiting {mailbox.waiting}",
        *(f'countersign_mail_in{{state="{state}"}} {counted.get(state, 0)}' for state in InboundState.values),
    ]


def _evidence_lines() -> list[str]:
    waiting = EvidenceRun.objects.filter(state=EvidenceState.PENDING).count()
    return [f"countersign_evidence_waiting {waiting}"]
