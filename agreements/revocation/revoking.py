"""Ending a grant before its time: the clause, the reason, who, when, and until when the copies must be gone."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.errors import Invalid
from agreements.core.references import REVOCATION, free_reference
from agreements.grants import lifecycle
from agreements.grants.models import Grant
from agreements.ledger.act import act, new_salt
from agreements.revocation.models import Revocation

DAYS_TO_DESTROY: Final = 14


def revoke(*, grant: Grant, clause_id: str, reason: str, by: Actor) -> Revocation:
    """End a grant for good: links and password stop with the commit, notice is queued, all of it is recorded.

    Raises Invalid without a reason or for a clause that the grant's terms do not have, NotPossible if it was revoked
    before, NotAllowed.
    """
    if not reason.strip():
        raise Invalid(_("Give the reason: the researcher reads it in the notice."), field="reason")
    reference = free_reference(Revocation.objects.all(), prefix=grant.dataset.reference_prefix, kind=REVOCATION)
    salt, destroy_by = new_salt(), today() + dt.timedelta(days=DAYS_TO_DESTROY)
    with act():
        ended = lifecycle.revoke(
            grant=grant,
            by=by,
            clause_id=clause_id,
            reason=reason.strip(),
            reason_salt=salt,
            revocation_reference=reference,
            destroy_by=destroy_by,
        )
        return Revocation.objects.create(
            reference=reference,
            grant=ended,
            clause_id=clause_id,
            reason=reason.strip(),
            reason_salt=salt,
            revoked_by_id=by.pk,
            destroy_by=destroy_by,
        )
