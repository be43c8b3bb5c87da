"""The one write path of a grant's state: lock, look in the table, check the permission, change, queue mail, record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from agreements.catalog.models import Terms
from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import DomainError, Invalid, NotPossible
from agreements.grants.members.messages import queue_revoked_to_members
from agreements.grants.messages import queue_revoked
from agreements.grants.models import Grant, GrantState, Link, Suspension
from agreements.grants.permissions import Permission, Standing, check_may
from agreements.grants.states import Step, next_state
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.people.models import User

_NEEDS: Final[Mapping[Step, Permission]] = {
    Step.SUSPEND: Permission.SUSPEND,
    Step.RESUME: Permission.RESUME,
    Step.EXPIRE: Permission.EXPIRE,
    Step.REVOKE: Permission.REVOKE,
}
_FINAL: Final = frozenset({GrantState.EXPIRED, GrantState.REVOKED})


def lock(grant: Grant) -> Grant:
    """Return the grant as it is now, its row locked until the act ends."""
    rows = Grant.objects.select_for_update(of=("self",))
    return rows.select_related("dataset", "terms", "holder", "application").get(pk=grant.pk)


def suspend(*, grant: Grant, by: Actor, cause: str, reason: str) -> Suspension:
    """Shut a grant for a cause until that is closed; `cause` is a short word, `reason` is read by people."""
    with act() as record:
        locked = lock(grant)
        target, standing = _check_step(locked, Step.SUSPEND, by)
        salt = new_salt()
        suspension = Suspension.objects.create(grant=locked, cause=cause, reason=reason, reason_salt=salt)
        _move(locked, target)
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
        target, standing = _check_step(locked, Step.RESUME, by)
        mine = Suspension.objects.filter(pk=suspension.pk, grant=locked, closed_at=None)
        if not mine.update(closed_at=now()):
            raise NotPossible(_("This suspension was lifted already."))
        if not Suspension.objects.filter(grant=locked, closed_at=None).exists():
            _move(locked, target)
        digest = text_digest(reason, salt=suspension.reason_salt)
        record.record(
            Kind.GRANT_RESUMED,
            by=by,
            as_role=standing,
            subjects=subjects(locked),
            cause=suspension.cause,
            reason_digest=digest,
        )
    return locked


def expire(*, grant: Grant, by: Actor) -> Grant:
    """End a grant whose time is over. Raises NotPossible before that."""
    with act() as record:
        locked = lock(grant)
        target, standing = _check_step(locked, Step.EXPIRE, by)
        if locked.ends_at is None or locked.ends_at > now():
            raise NotPossible(_("This access has not reached its end."))
        _move(locked, target)
        record.record(Kind.GRANT_EXPIRED, by=by, as_role=standing, subjects=subjects(locked))
    return locked


def expire_due() -> int:
    """End every grant whose time is over; return how many. Safe to run twice."""
    running = [GrantState.ACTIVE, GrantState.SUSPENDED]
    expired = 0
    for grant in Grant.objects.filter(state__in=running, ends_at__lte=now()).order_by("pk"):
        try:
            expire(grant=grant, by=actors.job("expiry"))
        except DomainError:
            continue  # revoked or prolonged in this moment
        expired += 1
    return expired


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
        target, standing = _check_step(locked, Step.REVOKE, by)
        _check_clause(locked.terms, clause_id)
        _move(locked, target)
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
            subjects=subjects(locked) | {"revocation": revocation_reference},
            clause=clause_id,
            terms=locked.terms.version,
            reason_digest=text_digest(reason, salt=reason_salt),
        )
    return locked


def subjects(grant: Grant, member: User | None = None) -> dict[str, str]:
    """Return what a ledger row about this grant names: `member` too, where it is about one and not the holder."""
    named = {
        "grant": grant.reference,
        "application": grant.application.reference,
        "dataset": grant.dataset.slug,
        "person": str(grant.holder.public_id),
    }
    return named | ({"member": str(member.public_id)} if member is not None and member.pk != grant.holder_id else {})


def _check_step(grant: Grant, step: Step, by: Actor) -> tuple[GrantState, Standing]:
    standing = check_may(_NEEDS[step], grant=grant, by=by)
    target = next_state(grant.state, step)
    if target is None:
        raise NotPossible(
            _("Access %(reference)s is %(state)s: this can no longer be done.")
            % {"reference": grant.reference, "state": grant.get_state_display()}
        )
    return target, standing


def _check_clause(terms: Terms, clause_id: str) -> None:
    try:
        terms.clause(clause_id)
    except KeyError:
        raise Invalid(_("These terms have no such clause."), field="clause_id") from None


def _move(grant: Grant, target: GrantState) -> None:
    grant.state = target
    if target in _FINAL:
        grant.ended_at = now()
    grant.save(update_fields=["state", "ended_at"])
