"""Shutting a grant for a cause, and opening it again when the last cause is closed."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.grants.lifecycle.writing import check_step, lock, move, subjects
from agreements.grants.models import Grant, Suspension
from agreements.grants.permissions import Permission, Standing
from agreements.grants.states import Step
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.kinds import Kind

SYSTEM_CAUSES: Final = frozenset({"address", "unconfirmed"})
"""What the system suspends for, and what the holder settles without the lab."""


def suspend(*, grant: Grant, by: Actor, cause: str, reason: str) -> Suspension:
    """Shut a grant for a cause until that is closed; `cause` is a short word, `reason` is read by people."""
    with act() as record:
        locked = lock(grant)
        _target, standing = check_step(locked, Step.SUSPEND, by)
        salt = new_salt()
        suspension = Suspension.objects.create(grant=locked, cause=cause, reason=reason, reason_salt=salt)
        move([locked], Step.SUSPEND)
        digest = text_digest(reason, salt=salt)
        record.record(
            Kind.GRANT_SUSPENDED,
            by=by,
            as_role=standing,
            subjects=subjects(locked),
            cause=cause,
            reason_digest=digest,
        )
    return suspension


def resume(*, grant: Grant, by: Actor, suspension: Suspension, reason: str) -> Grant:
    """Close one suspension; the grant opens again when none is left. Returns the grant as it then is."""
    with act() as record:
        locked = lock(grant)
        _target, standing = check_step(locked, Step.RESUME, by)
        found = Suspension.objects.filter(pk=suspension.pk, grant=locked, closed_at=None).first()
        if found is None:
            raise NotPossible(_("This suspension was lifted already."))
        _close(record, locked, found, reason=reason, by=by, standing=standing)
    return locked


def resume_cause(*, grant: Grant, cause: str, reason: str, by: Actor) -> Grant:
    """Close what the system suspended a grant for, one of `SYSTEM_CAUSES`, once its holder has settled it.

    Returns the grant as it then is: suspended still, if there is another cause. Raises NotAllowed (neither holder nor
    system), NotPossible if it is not suspended for this.
    """
    if cause not in SYSTEM_CAUSES:
        raise ValueError(f"{cause}: only the lab lifts this")
    with act() as record:
        locked = lock(grant)
        _target, standing = check_step(locked, Step.RESUME, by, needs=Permission.RESUME_PROVEN)
        # A steward may suspend for the same word: what is part of a procedure is lifted with it.
        mine = list(Suspension.objects.filter(grant=locked, cause=cause, procedure="", closed_at=None))
        if not mine:
            raise NotPossible(_("Access %(reference)s is not suspended for this.") % {"reference": locked.reference})
        for suspension in mine:
            _close(record, locked, suspension, reason=reason, by=by, standing=standing)
    return locked


def _close(record: Act, grant: Grant, suspension: Suspension, *, reason: str, by: Actor, standing: Standing) -> None:
    suspension.closed_at, suspension.close_reason, suspension.close_salt = now(), reason, new_salt()
    suspension.save(update_fields=["closed_at", "close_reason", "close_salt"])
    if not Suspension.objects.filter(grant=grant, closed_at=None).exists():
        move([grant], Step.RESUME)
    record.record(
        Kind.GRANT_RESUMED,
        by=by,
        as_role=standing,
        subjects=subjects(grant),
        cause=suspension.cause,
        reason_digest=text_digest(reason, salt=suspension.close_salt),
    )
