"""Moving to another institution: the access ends at the old site, its copies go, and an application begins anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications.models import Application
from agreements.catalog.terms import in_force_or_none
from agreements.catalog.visibility import takes_applications
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.core.errors import Invalid, NotPossible
from agreements.flows import applying_again, moving_messages
from agreements.grants import lifecycle
from agreements.grants.ends import due
from agreements.grants.members import queries as member_queries
from agreements.grants.models import ClosedFor, Grant
from agreements.ledger.act import act
from agreements.revocation import by_holder
from agreements.revocation.models import Procedure, ProcedureAct

REASON_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class Moved:
    """The procedure that ended the access, and the new draft; None where nothing can be applied for any more."""

    procedure: Procedure
    draft: Application | None


def move(*, grant: Grant, email: str, reason: str, by: Actor) -> Moved:
    """End an access because its holder moves, in one act with the draft of the application for the new place.

    The caller has taken a code that was mailed to `email`. Raises Invalid without a reason or a new address,
    NotAllowed for others than the holder, NotPossible if the access has ended for good or another application is
    under way.
    """
    words = reason.strip()
    if not words:
        raise Invalid(_("Say where you go: the lab reads it."), field="reason")
    if len(words) > REASON_LIMIT:
        raise Invalid(_("At most %(most)s characters.") % {"most": REASON_LIMIT}, field="reason")
    with act():
        locked = lifecycle.lock(grant)
        check_new(email, grant=locked)
        if (running := applying_again.running_application(locked)) is not None:
            told = _("You have application %(reference)s under way, from the old place. Withdraw it first, then move.")
            raise NotPossible(told % {"reference": running.reference})
        members = list(member_queries.joined(locked))
        people = [locked.holder, *(member.person for member in members if member.person is not None)]
        was = str(locked.state)
        closed = lifecycle.close(grant=locked, cause=ClosedFor.MOVED, by=by)
        procedure = by_holder.begin(grant=closed, was=was, act=ProcedureAct.MOVE, reason=words, people=people, by=by)
        draft = applying_again.apply_from_new_place(grant=closed, email=email, by=by) if _takes_more(closed) else None
        moving_messages.queue_moved(closed, procedure, members, draft=draft.reference if draft else "")
    return Moved(procedure, draft)


def check_new(email: str, *, grant: Grant) -> None:
    """Raise Invalid for an address of the old place: the one signed in with, or the one that the access is for."""
    known = {comparison_key(address) for address in (grant.holder.email, due.address_of(grant))}
    if comparison_key(email) in known:
        raise Invalid(_("You have this address already. Give the one that you have at the new place."), field="email")


def _takes_more(grant: Grant) -> bool:
    return in_force_or_none(grant.dataset) is not None and takes_applications(grant.dataset)
