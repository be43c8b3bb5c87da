"""Ending access before its time: the clause, the reason, who, when, and until when the copies must be gone."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.errors import Invalid
from agreements.core.references import REVOCATION, free_reference
from agreements.grants import lifecycle
from agreements.grants.models import Grant
from agreements.ledger.act import act, new_salt
from agreements.revocation.models import AffectedGrant, Procedure, ProcedureAct, ScopeKind


def revoke(*, grant: Grant, clause_id: str, reason: str, by: Actor) -> Procedure:
    """End a grant for good: links and password stop with the commit, notice is queued, all of it is recorded.

    Raises Invalid without a reason or for a clause that the grant's terms do not have, NotPossible if it was revoked
    before, NotAllowed.
    """
    if not reason.strip():
        raise Invalid(_("Give the reason: the researcher reads it in the notice."), field="reason")
    reference = free_reference(Procedure.objects.all(), prefix=grant.dataset.reference_prefix, kind=REVOCATION)
    salt, destroy_by = new_salt(), today() + dt.timedelta(days=grant.dataset.destroy_days)
    with act():
        before = lifecycle.lock(grant).state
        ended = lifecycle.revoke(
            grant=grant,
            by=by,
            clause_id=clause_id,
            reason=reason.strip(),
            reason_salt=salt,
            revocation_reference=reference,
            destroy_by=destroy_by,
        )
        procedure = Procedure.objects.create(
            reference=reference,
            dataset=ended.dataset,
            act=ProcedureAct.REVOKE,
            scope=ScopeKind.GRANT,
            scope_value=ended.reference,
            clause_id=clause_id,
            reason=reason.strip(),
            reason_salt=salt,
            begun_by_id=by.pk,
            destroy_by=destroy_by,
        )
        AffectedGrant.objects.create(procedure=procedure, grant=ended, state_before=before)
        return procedure
