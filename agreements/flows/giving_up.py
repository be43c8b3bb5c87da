"""A holder no longer uses access that was brought in: it ends, and copies that are left have to be destroyed."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.references import REVOCATION, free_reference
from agreements.flows.moving import clause_of
from agreements.grants import confirming, lifecycle
from agreements.grants.models import Grant
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct, ScopeKind


def give_up(*, grant: Grant, has_copies: bool, by: Actor) -> Destruction | None:
    """End it for good; where there are copies, return what its holder owes: to destroy them, and to attest it.

    Raises NotAllowed, NotPossible as `confirming.decline` does.
    """
    reference = free_reference(Procedure.objects.all(), prefix=grant.dataset.reference_prefix, kind=REVOCATION)
    with act() as record:
        before = str(lifecycle.lock(grant).state)
        closed = confirming.decline(grant=grant, by=by)
        if not has_copies:
            return None
        procedure = _procedure(closed, reference, by=by)
        affected = AffectedGrant.objects.create(procedure=procedure, grant=closed, state_before=before)
        record.record(
            Kind.PROCEDURE_BEGUN,
            by=by,
            as_role="holder",
            subjects={"procedure": reference, **lifecycle.subjects(closed)},
            act=str(ProcedureAct.CLOSE),
            scope=str(ScopeKind.GRANT),
            grants=1,
            people=1,
            clause=procedure.clause_id,
            destroy_by=destroy_by(closed).isoformat(),
            reason_digest=text_digest(procedure.reason, salt=procedure.reason_salt),
        )
        return Destruction.objects.create(affected=affected, person_id=closed.holder_id, due_on=destroy_by(closed))


def destroy_by(grant: Grant) -> dt.date:
    """Return the day by which copies have to be destroyed if access ends today. Needs `grant.dataset`."""
    return today() + dt.timedelta(days=grant.dataset.destroy_days)


def _procedure(grant: Grant, reference: str, *, by: Actor) -> Procedure:
    return Procedure.objects.create(
        reference=reference,
        dataset=grant.dataset,
        act=ProcedureAct.CLOSE,
        scope=ScopeKind.GRANT,
        scope_value=grant.reference,
        scope_label=f"{grant.reference} ({grant.holder_name})",
        clause_id=clause_of(grant.terms),
        reason=_("The holder no longer uses the data."),
        reason_salt=new_salt(),
        begun_by_id=by.pk,
        destroy_by=destroy_by(grant),
    )
