"""What somebody owes after an end of access, and what they attested, beside a grant that goes on."""

from __future__ import annotations

from agreements.core.clock import today
from agreements.grants.models import Grant
from agreements.revocation import attesting
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct, ScopeKind
from tests.flows.scene import Scene


def what_is_owed(scene: Scene, grant: Grant) -> dict[str, str]:
    """Return the names of a procedure, of how it reached Alice's grant, and of what she owes and has attested."""
    procedure = Procedure.objects.create(
        reference="GB-R-111111",
        dataset=scene.dataset,
        act=ProcedureAct.REVOKE,
        scope=ScopeKind.GRANT,
        scope_value=grant.reference,
        clause_id="termination",
        reason="The images were posted.",
        begun_by=scene.dan,
        destroy_by=today(),
    )
    reached = [AffectedGrant.objects.create(procedure=procedure, grant=grant, state_before="active") for _ in range(2)]
    due, settled = (
        Destruction.objects.create(affected=affected, person=scene.alice, due_on=today()) for affected in reached
    )
    attesting.attest(destruction=settled, name=grant.holder_name, by=scene.alice.actor)
    return {
        "procedure": procedure.reference,
        "affected": str(reached[0].pk),
        "destruction": str(due.pk),
        "attested": str(settled.pk),
    }
