"""Shutting a grant for a cause, and opening it again when the last cause is closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.grants import ending_messages
from agreements.grants.grounds import Grounds
from agreements.grants.lifecycle.writing import (
    batches,
    check_step,
    check_step_all,
    lock,
    lock_all,
    move,
    subjects,
)
from agreements.grants.models import Cause, Grant, GrantState, Suspension
from agreements.grants.permissions import Permission, Standing
from agreements.grants.states import Step
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.kinds import Kind

SYSTEM_CAUSES: Final = frozenset({Cause.ADDRESS, Cause.UNCONFIRMED, Cause.TERMS})
"""What the system suspends for, and what the holder settles without the lab."""


def suspend_all(*, grants: Sequence[Grant], grounds: Grounds, by: Actor, is_told: bool = True) -> None:
    """Shut grants of one dataset until the procedure is lifted; holders and members are told why, if `is_told`.

    The grants come from `lock_all`, in the running act. Raises NotAllowed or NotPossible if one of them may not or
    cannot be suspended, Invalid for a clause that the terms of one do not have; then none is.
    """
    if not grants:
        return
    with act() as record:
        grounds.check(grant.terms for grant in grants)
        suspensions = [
            Suspension(
                grant=grant,
                cause=str(Cause.PROCEDURE),
                reason=grounds.reason,
                reason_salt=grounds.reason_salt,
                procedure=grounds.procedure,
            )
            for grant in grants
        ]
        _open(record, suspensions, by=by)
        if is_told:
            ending_messages.queue_suspended(grants, grounds=grounds)


def suspend(*, grant: Grant, by: Actor, cause: str, reason: str) -> Suspension:
    """Shut a grant for a cause until that is closed; `cause` is a short word, `reason` is read by people."""
    with act() as record:
        suspension = Suspension(grant=lock(grant), cause=str(cause), reason=reason, reason_salt=new_salt())
        _open(record, [suspension], by=by)
    return suspension


def suspend_cause(*, grants: Sequence[Grant], cause: str, reason: str, by: Actor) -> None:
    """Suspend many grants of one dataset for a cause; they come from `lock_all`, and whoever calls tells their people.

    Raises NotAllowed or NotPossible if one of them may not or cannot be suspended; then none is.
    """
    if not grants:
        return
    with act() as record:
        rows = [Suspension(grant=each, cause=str(cause), reason=reason, reason_salt=new_salt()) for each in grants]
        _open(record, rows, by=by)


def resume_all(*, procedure: str, reason: str, by: Actor) -> list[Grant]:
    """Close every suspension of a procedure; a grant opens again when it has no other. Returns the grants.

    Their people are told, but for grants that were revoked meanwhile: those stay as they are.
    """
    with act() as record:
        open_ones = Suspension.objects.filter(procedure=procedure, closed_at=None)
        locked = {grant.pk: grant for grant in lock_all(open_ones.values_list("grant_id", flat=True))}
        suspensions = [row for row in open_ones.order_by("grant_id", "pk") if row.grant_id in locked]
        for suspension in suspensions:
            suspension.grant = locked[suspension.grant_id]
        _close(record, suspensions, reason=reason, by=by)
        closed = {suspension.grant_id for suspension in suspensions}
        told = [locked[pk] for pk in sorted(closed) if locked[pk].state != GrantState.REVOKED]
        ending_messages.queue_resumed(told, procedure=procedure)
    return told


def resume(*, grant: Grant, by: Actor, suspension: Suspension, reason: str) -> Grant:
    """Close one suspension; the grant opens again when none is left. Returns the grant as it then is.

    Raises NotAllowed, NotPossible (lifted already, or only the holder can settle it).
    """
    with act() as record:
        locked = lock(grant)
        check_step(locked, Step.RESUME, by)
        found = Suspension.objects.filter(pk=suspension.pk, grant=locked, closed_at=None).first()
        if found is None:
            raise NotPossible(_("This suspension was lifted already."))
        if found.cause == Cause.UNCONFIRMED and not found.procedure:
            raise NotPossible(_("Only its holder opens access that was brought in, by accepting the terms."))
        if found.cause == Cause.TERMS and not found.procedure:
            raise NotPossible(_("Only its holder opens this access, by agreeing to the new terms."))
        found.grant = locked
        _close(record, [found], reason=reason, by=by)
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
        standing = check_step(locked, Step.RESUME, by, needs=Permission.RESUME_PROVEN)
        # A steward may suspend for the same word: what is part of a procedure is lifted with it.
        mine = list(Suspension.objects.filter(grant=locked, cause=cause, procedure="", closed_at=None))
        if not mine:
            raise NotPossible(_("Access %(reference)s is not suspended for this.") % {"reference": locked.reference})
        for suspension in mine:
            suspension.grant = locked
        _close(record, mine, reason=reason, by=by, standing=standing)
    return locked


def _open(record: Act, suspensions: Sequence[Suspension], *, by: Actor) -> None:
    grants = [suspension.grant for suspension in suspensions]
    standing = check_step_all(grants, Step.SUSPEND, by)
    Suspension.objects.bulk_create(suspensions)
    move(grants, Step.SUSPEND)
    for suspension in suspensions:
        record.record(
            Kind.GRANT_SUSPENDED,
            by=by,
            as_role=standing,
            subjects=_subjects(suspension),
            cause=suspension.cause,
            reason_digest=text_digest(suspension.reason, salt=suspension.reason_salt),
        )


def _close(
    record: Act, suspensions: Sequence[Suspension], *, reason: str, by: Actor, standing: Standing | None = None
) -> None:
    """Close suspensions whose grants are locked and are theirs; of a revoked grant the row alone is closed."""
    at, salt = now(), new_salt()
    for some in batches([suspension.pk for suspension in suspensions]):
        rows = Suspension.objects.filter(pk__in=some)
        rows.update(closed_at=at, close_reason=reason, close_salt=salt)
    standing_ones = [row for row in suspensions if row.grant.state != GrantState.REVOKED]
    grants = list({row.grant_id: row.grant for row in standing_ones}.values())
    if not grants:
        return
    standing = standing or check_step_all(grants, Step.RESUME, by)
    held = {
        pk
        for some in batches(grants)
        for pk in Suspension.objects.filter(grant__in=some, closed_at=None).values_list("grant_id", flat=True)
    }
    move([grant for grant in grants if grant.pk not in held], Step.RESUME)
    for suspension in standing_ones:
        record.record(
            Kind.GRANT_RESUMED,
            by=by,
            as_role=standing,
            subjects=_subjects(suspension),
            cause=suspension.cause,
            reason_digest=text_digest(reason, salt=salt),
        )


def _subjects(suspension: Suspension) -> dict[str, str]:
    part_of = {"procedure": suspension.procedure} if suspension.procedure else {}
    return subjects(suspension.grant) | part_of
