"""Revoking one grant: the short form of beginning a procedure."""

from __future__ import annotations

from agreements.core.actors import Actor
from agreements.grants.models import Grant
from agreements.revocation.beginning import begin
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope


def revoke(*, grant: Grant, clause_id: str, reason: str, by: Actor) -> Procedure:
    """End a grant for good: links and password stop with the commit, notice is queued, all of it is recorded.

    Raises Invalid without a reason or for a clause that the grant's terms do not have, NotPossible if it was revoked
    before, NotAllowed.
    """
    return begin(
        scope=Scope(grant.dataset, ScopeKind.GRANT, grant.reference),
        act=ProcedureAct.REVOKE,
        clause_id=clause_id,
        reason=reason,
        by=by,
        expected=1,
    )
