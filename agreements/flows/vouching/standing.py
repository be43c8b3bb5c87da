"""How the access stands that a paper is about: the little that whoever holds the paper may know of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.grants.models import Grant, GrantState
from agreements.revocation.models import Destruction, DestructionState, ProcedureAct


class Stands(StrEnum):
    """`none`: nobody was given access on it, or it is no longer what the access rests on; why is not told."""

    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    ENDED = "ended"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """`ended_at`, and `destroyed_at` where everybody who had copies attested that they are gone, only if it ended."""

    stands: Stands
    ended_at: dt.datetime | None = None
    destroyed_at: dt.datetime | None = None


NOTHING: Final = Standing(Stands.NONE)
UNKNOWN: Final = Standing(Stands.UNKNOWN)


def of_grant(grant: Grant) -> Standing:
    """Return how an access stands now; needs `grant.dataset`. One whose time is over has ended, swept or not."""
    if grant.dataset.shut_at is not None and grant.state != GrantState.REVOKED:
        return UNKNOWN  # put back from a backup: an end, or a renewal, may be what it lacks
    over = grant.ends_at is not None and grant.ends_at <= now()
    if grant.state in {GrantState.REVOKED, GrantState.EXPIRED} or over:
        return Standing(Stands.ENDED, grant.ended_at or grant.ends_at, destroyed_at(grant))
    if grant.starts_at > now():
        return NOTHING
    if grant.state == GrantState.SUSPENDED or grant.dataset.withdrawn_at is not None:
        return Standing(Stands.SUSPENDED)
    return Standing(Stands.IN_FORCE)


def without_access(dataset: Dataset) -> Standing:
    """Return how a paper stands on which no access rests, as far as the portal knows."""
    return NOTHING if dataset.shut_at is None else UNKNOWN


def grant_of(application_reference: str) -> Grant | None:
    """Return the access that was opened for an application, or None."""
    application = Application.objects.filter(reference=application_reference).first()
    found = Grant.objects.filter(application=application).select_related("dataset", "terms", "application")
    return None if application is None else found.first()


def destroyed_at(grant: Grant) -> dt.datetime | None:
    """Return when the last of all copies under an access was attested destroyed; None unless all were.

    Only where the end of the whole access asked for it. Whoever was excused has attested nothing.
    """
    owed = Destruction.objects.filter(affected__grant=grant)
    whole = owed.filter(affected__member=None, affected__subset=None).exclude(
        affected__procedure__act=ProcedureAct.SUSPEND
    )
    if not whole.exists() or owed.exclude(state=DestructionState.ATTESTED).exists():
        return None
    return owed.order_by("-settled_at").values_list("settled_at", flat=True).first()
