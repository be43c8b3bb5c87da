"""How much is waiting, as lines of Prometheus' text format."""

from __future__ import annotations

from agreements.applications.models import EvidenceRun, EvidenceState
from agreements.core.clock import now
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.queries import counts


def lines() -> list[str]:
    """Return the gauges, one a line."""
    return [*_mail_lines(), *_evidence_lines()]


def _mail_lines() -> list[str]:
    counted = counts()
    waiting = OutboxMessage.objects.filter(state=MessageState.QUEUED)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    age = (now() - oldest).total_seconds() if oldest else 0
    return [
        *(f'countersign_mail{{state="{state}"}} {counted.get(state, 0)}' for state in MessageState.values),
        f"countersign_mail_oldest_waiting_seconds {age:.0f}",
    ]


def _evidence_lines() -> list[str]:
    waiting = EvidenceRun.objects.filter(state=EvidenceState.PENDING).count()
    return [f"countersign_evidence_waiting {waiting}"]
