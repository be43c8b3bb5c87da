"""Ending grants for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.grants import ending_messages
from agreements.grants.grounds import Grounds
from agreements.grants.lifecycle.writing import batches, check_step_all, lock, move, subjects
from agreements.grants.models import Grant, Link
from agreements.grants.states import Step
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def revoke_all(*, grants: Sequence[Grant], grounds: Grounds, by: Actor) -> None:
    """End grants of one dataset for good: links and passwords stop, holders and members are given notice.

    The grants come from `lock_all`, in the running act. Raises NotAllowed or NotPossible if one of them may not or
    cannot be revoked, Invalid for a clause that the terms of one do not have; then none is.
    """
    if not grants:
        return
    with act() as record:
        standing = check_step_all(grants, Step.REVOKE, by)
        grounds.check(grant.terms for grant in grants)
        move(grants, Step.REVOKE)
        for some in batches(grants):
            Link.objects.filter(grant__in=some, ended_at=None).update(ended_at=now())
        ending_messages.queue_revoked(grants, grounds=grounds)
        for grant in grants:
            record.record(
                Kind.GRANT_REVOKED,
                by=by,
                as_role=standing,
                subjects=subjects(grant) | {"procedure": grounds.procedure},
                clause=grounds.clause_id,
                terms=grant.terms.version,
                reason_digest=grounds.digest,
            )


def revoke(
    *,
    grant: Grant,
    by: Actor,
    clause_id: str,
    reason: str,
    reason_salt: str,
    revocation_reference: str,
    destroy_by: dt.date,
) -> Grant:
    """Do the same with one grant, locked here. Returns it as it then is."""
    with act():
        locked = lock(grant)
        grounds = Grounds(revocation_reference, clause_id, reason, reason_salt, destroy_by)
        revoke_all(grants=[locked], grounds=grounds, by=by)
    return locked
