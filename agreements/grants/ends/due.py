"""When what is due, as plain dates: the end of a grant, when it can be renewed, the next proof of the address."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from agreements.core.clock import now
from agreements.grants.models import Cause, Grant, GrantState, Suspension
from agreements.grants.states import NOT_ENDED, Step, next_state

NOTICE_DAYS: Final = (30, 7)
"""So many days before an end, or before a proof is due, notice is given."""
RENEWAL_BEFORE: Final = dt.timedelta(days=30)
RENEWAL_AFTER: Final = dt.timedelta(days=90)
GRACE: Final = dt.timedelta(days=30)
"""How long after its day, and the notice of that day, a proof may still come before the access is suspended."""


def address_of(grant: Grant) -> str:
    """Return the address that is proven for a grant: the institutional one of its application.

    It may differ from the one with which the holder signs in. Needs `grant.application` and `grant.holder`.
    """
    return grant.application.email or grant.holder.email


@dataclass(frozen=True, slots=True)
class Window:
    """From when and until when a grant can be renewed; `end` is its own."""

    opens: dt.datetime
    end: dt.datetime
    closes: dt.datetime

    @property
    def is_open(self) -> bool:
        return self.opens <= now() < self.closes


def renewal(grant: Grant) -> Window | None:
    """Return when a grant can be renewed, or None where it has no end. Needs `grant.dataset`.

    Of a time of a month or less it is the second half: else renewals could be piled up on one day.
    """
    if grant.ends_at is None:
        return None
    length = dt.timedelta(days=grant.dataset.grant_days or 366)
    before = RENEWAL_BEFORE if length > RENEWAL_BEFORE else length / 2
    return Window(grant.ends_at - before, grant.ends_at, grant.ends_at + RENEWAL_AFTER)


def is_renewal_time(grant: Grant) -> bool:
    """Return whether a grant is near enough to its end to be renewed. Needs `grant.dataset`."""
    window = renewal(grant)
    return window is not None and window.is_open


def wants_renewal(grant: Grant) -> bool:
    """Return whether a list marks a grant as one to renew, or to apply for again. Needs `grant.dataset`."""
    can = next_state(grant.state, Step.RENEW) is not None and not ended_for_good(grant)
    is_offered = grant.dataset.withdrawn_at is None and grant.dataset.shut_at is None
    return can and is_offered and is_renewal_time(grant)


def ended_for_good(grant: Grant) -> bool:
    """Return whether access was revoked or closed: nothing opens it again, and there is nothing to move from."""
    return grant.state == GrantState.REVOKED or bool(grant.closed_for)


def proof_due(grant: Grant) -> dt.datetime | None:
    """Return when the address has to be proven again, or None if it never has. Needs `grant.dataset`.

    For an access that was brought in the holder proves it by confirming.
    """
    days = grant.dataset.address_days
    if days is None or grant.closed_for or (grant.imported_at is not None and grant.confirmed_at is None):
        return None
    return grant.address_proven_at + dt.timedelta(days=days)


def takes_proof(grant: Grant) -> bool:
    """Return whether an access has not ended, so that its address can be proven."""
    return grant.state in NOT_ENDED


def is_proof_time(grant: Grant) -> bool:
    """Return whether the proof of an open access is due within 30 days, or over. Needs `grant.dataset`."""
    due = proof_due(grant)
    return grant.state == GrantState.ACTIVE and due is not None and due - dt.timedelta(days=max(NOTICE_DAYS)) <= now()


def suspensions(grant: Grant) -> QuerySet[Suspension]:
    """Return the suspensions of a grant that are not lifted."""
    return Suspension.objects.filter(grant=grant, closed_at=None)


def waits_for_proof(grant: Grant) -> bool:
    """Return whether the system suspended a grant because its address was not proven, also if it expired since."""
    return suspensions(grant).filter(cause=Cause.ADDRESS, procedure="").exists()


def waits_for_terms(grant: Grant) -> bool:
    """Return whether the system suspended a grant until its holder agrees to new terms, also if it expired since."""
    return Grant.objects.filter(suspended_for_terms("pk"), pk=grant.pk).exists()


def suspended_for_terms(key: str) -> Exists:
    """Return the same of an access that is named by its key in an outer query."""
    return Exists(Suspension.objects.filter(grant=OuterRef(key), cause=Cause.TERMS, procedure="", closed_at=None))
