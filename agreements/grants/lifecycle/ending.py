"""Ending a grant for good."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.catalog.models import Terms
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid
from agreements.grants.lifecycle.writing import check_step, lock, move, subjects
from agreements.grants.members.messages import queue_revoked_to_members
from agreements.grants.messages import queue_revoked
from agreements.grants.models import Grant, Link
from agreements.grants.states import Step
from agreements.ledger.act import act, text_digest
from agreements.ledger.kinds import Kind


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
    """End a grant for good, citing a clause of its own terms, and queue the notice to the holder.

    `reason_salt` is the one kept beside the reason in the revocation. Raises Invalid for a clause that these terms
    do not have, NotPossible if the grant was revoked before.
    """
    with act() as record:
        locked = lock(grant)
        _target, standing = check_step(locked, Step.REVOKE, by)
        _check_clause(locked.terms, clause_id)
        move([locked], Step.REVOKE)
        Link.objects.filter(grant=locked, ended_at=None).update(ended_at=now())
        for give_notice in (queue_revoked, queue_revoked_to_members):
            give_notice(
                locked,
                clause_id=clause_id,
                reason=reason,
                revocation=revocation_reference,
                destroy_by=destroy_by,
            )
        record.record(
            Kind.GRANT_REVOKED,
            by=by,
            as_role=standing,
            subjects=subjects(locked) | {"procedure": revocation_reference},
            clause=clause_id,
            terms=locked.terms.version,
            reason_digest=text_digest(reason, salt=reason_salt),
        )
    return locked


def _check_clause(terms: Terms, clause_id: str) -> None:
    try:
        terms.clause(clause_id)
    except KeyError:
        raise Invalid(_("These terms have no such clause."), field="clause_id") from None
