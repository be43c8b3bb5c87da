"""How long a grant lasts: it ends by itself, is renewed by its holder, or closed by them for good."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import DomainError, NotPossible
from agreements.grants.lifecycle.writing import check_step, lock, move, subjects
from agreements.grants.models import ClosedFor, Grant, Link, Suspension
from agreements.grants.states import NOT_ENDED, Step
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def expire(*, grant: Grant, by: Actor) -> Grant:
    """End a grant whose time is over. Raises NotPossible before that."""
    with act() as record:
        locked = lock(grant)
        standing = check_step(locked, Step.EXPIRE, by)
        if locked.ends_at is None or locked.ends_at > now():
            raise NotPossible(_("This access has not reached its end."))
        move([locked], Step.EXPIRE)
        record.record(Kind.GRANT_EXPIRED, by=by, as_role=standing, subjects=subjects(locked))
    return locked


def expire_due() -> int:
    """End every grant whose time is over; return how many. Safe to run twice."""
    expired = 0
    for grant in Grant.objects.filter(state__in=NOT_ENDED, ends_at__lte=now()).order_by("pk"):
        try:
            expire(grant=grant, by=actors.job("expiry"))
        except DomainError:
            continue  # revoked or prolonged in this moment
        expired += 1
    return expired


def renew(*, grant: Grant, ends_at: dt.datetime | None, use_digest: str, by: Actor) -> Grant:
    """Give a grant a later end, or none; one that had expired opens again, its links as far as they still run.

    `use_digest` is the digest of what the holder wrote about their use. Raises NotAllowed (not the holder),
    NotPossible: revoked, suspended, closed for good, without an end, or the new end is no later.
    """
    with act() as record:
        locked = lock(grant)
        standing = check_step(locked, Step.RENEW, by)
        previous = _check_renewable(locked, ends_at)
        move([locked], Step.RENEW)
        locked.ends_at = ends_at
        locked.save(update_fields=["ends_at"])
        record.record(
            Kind.GRANT_RENEWED,
            by=by,
            as_role=standing,
            subjects=subjects(locked),
            previous_end=previous.isoformat(),
            ends=ends_at.isoformat() if ends_at else None,
            terms=locked.terms.version,
            use_digest=use_digest,
        )
    return locked


def close(*, grant: Grant, cause: ClosedFor, by: Actor) -> Grant:
    """End a grant now and for good, at its holder's wish: it expires, cannot be renewed, and its links end.

    Raises NotAllowed (not the holder), NotPossible (revoked, or closed before).
    """
    with act() as record:
        locked = lock(grant)
        standing = check_step(locked, Step.CLOSE, by)
        if locked.closed_for:
            raise NotPossible(_("Access %(reference)s was closed already.") % {"reference": locked.reference})
        at = now()
        move([locked], Step.CLOSE)
        locked.closed_for = cause
        locked.ends_at = at if locked.ends_at is None else min(locked.ends_at, at)
        locked.save(update_fields=["closed_for", "ends_at"])
        Link.objects.filter(grant=locked, ended_at=None).update(ended_at=at)
        record.record(Kind.GRANT_CLOSED, by=by, as_role=standing, subjects=subjects(locked), cause=str(cause))
    return locked


def _check_renewable(grant: Grant, ends_at: dt.datetime | None) -> dt.datetime:
    """Return the end that a grant has now."""
    names = {"reference": grant.reference}
    if grant.closed_for:
        raise NotPossible(_("Access %(reference)s was closed for good. Apply for a new one.") % names)
    if Suspension.objects.filter(grant=grant, closed_at=None).exists():
        words = _("Access %(reference)s was suspended when its time ran out: this has to be lifted first.")
        raise NotPossible(words % names)
    if grant.ends_at is None:
        raise NotPossible(_("Access %(reference)s has no end: there is nothing to renew.") % names)
    if ends_at is not None and ends_at <= max(grant.ends_at, now()):
        raise NotPossible(_("The new end has to be later than the present one."))
    return grant.ends_at
