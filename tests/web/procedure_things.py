"""A suspension, a notice and a bar, for the addresses that name one."""

from __future__ import annotations

from agreements.bars import barring
from agreements.grants.models import Grant
from agreements.mail import outbox
from agreements.mail.models import MessageState, OutboxMessage
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from tests.flows.scene import Scene


def suspension_notice_and_bar(scene: Scene, grant: Grant, *, procedure: str) -> dict[str, str]:
    """Return the names of a suspension that reached nothing, of a notice of `procedure`, and of a bar."""
    suspension = Procedure.objects.create(
        reference="GB-R-222222",
        dataset=scene.dataset,
        act=ProcedureAct.SUSPEND,
        scope=ScopeKind.DATASET,
        clause_id="termination",
        reason="A leak is looked into.",
        begun_by=scene.dan,
    )
    notice = outbox.queue(
        kind="grant-revoked",
        recipient=scene.alice.email,
        language="en",
        reference=grant.reference,
        values={"grant": grant.reference, "procedure": procedure},
    )
    OutboxMessage.objects.filter(pk=notice.pk).update(state=MessageState.SENT)
    bar = barring.set_bar(dataset=scene.dataset, domain="leaks.example", reason="A leak.", by=scene.dan.actor)
    return {"suspension": suspension.reference, "notice": str(notice.pk), "bar": str(bar.pk)}
