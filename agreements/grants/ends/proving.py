"""The institutional address is proven at renewal, or once in the time that the dataset asks for; else access waits."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import DomainError, NotPossible
from agreements.grants import lifecycle
from agreements.grants.ends import due, messages, notices
from agreements.grants.models import Cause, Grant, GrantState
from agreements.grants.permissions import Permission, Standing, check_may
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind


def prove(*, grant: Grant, by: Actor) -> Grant:
    """Note that the holder proved the grant's address now; an access that only waited for it opens again.

    The caller has taken a code that was mailed to `due.address_of(grant)`. Raises NotAllowed, NotPossible for an
    access that has ended: whoever renews it proves the address there.
    """
    with act() as record:
        locked = lifecycle.lock(grant)
        standing = check_may(Permission.PROVE_ADDRESS, grant=locked, by=by)
        if not due.takes_proof(locked):
            words = {"reference": locked.reference, "state": locked.get_state_display()}
            raise NotPossible(_("Access %(reference)s is %(state)s: there is no address to prove.") % words)
        return note_proven(record, locked, by=by, as_role=standing)


def note_proven(record: Act, grant: Grant, *, by: Actor, as_role: Standing) -> Grant:
    """Write a proof to a locked grant and lift what waited for it; return the grant as it then is."""
    grant.address_proven_at = now()
    grant.save(update_fields=["address_proven_at"])
    record.record(Kind.ADDRESS_PROVEN, by=by, as_role=as_role, subjects=lifecycle.subjects(grant))
    if not due.waits_for_proof(grant):
        return grant
    resumed = lifecycle.resume_cause(
        grant=grant, cause=Cause.ADDRESS, reason=_("The holder proved the address again."), by=by
    )
    if resumed.state == GrantState.ACTIVE:
        messages.queue_resumed_to_members(resumed)
    return resumed


def suspend_overdue() -> int:
    """Suspend each access whose holder was told that the proof is due and let 30 days pass. Safe to run twice."""
    suspended = 0
    for grant in notices.unproven():
        try:
            suspended += _suspend(grant)
        except DomainError:
            continue  # ended in this moment
    return suspended


def _suspend(grant: Grant) -> bool:
    with act():
        locked = lifecycle.lock(grant)
        if not notices.is_unproven(locked):
            return False  # proven, or ended, in this moment
        lifecycle.suspend(
            grant=locked,
            by=actors.job("address"),
            cause=Cause.ADDRESS,
            reason=_("The institutional address was not proven again in time."),
        )
        messages.queue_suspended(locked)
    return True
