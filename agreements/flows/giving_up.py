"""A holder no longer uses an access: it ends for good, and copies that are left have to be destroyed."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.errors import NotPossible
from agreements.grants import lifecycle
from agreements.grants.imported import confirming
from agreements.grants.imported.importing import is_waiting
from agreements.grants.members import queries as member_queries
from agreements.grants.models import ClosedFor, Grant
from agreements.grants.states import NOT_ENDED
from agreements.ledger.act import act
from agreements.people.models import User
from agreements.revocation import by_holder, messages
from agreements.revocation.models import Destruction, Procedure, ProcedureAct


def may_give_up(grant: Grant) -> bool:
    """Return whether `give_up` would take this access: brought-in access is confirmed first, or declined."""
    return grant.state in NOT_ENDED and not is_waiting(grant)


def give_up(*, grant: Grant, by: Actor) -> Procedure:
    """End an access for good at its holder's wish. Holder and members owe that their copies are destroyed.

    Each gets mail that says by when, and where it is attested. Raises NotAllowed for others than the holder,
    NotPossible if it has ended, or was brought in and never confirmed.
    """
    with act():
        locked = lifecycle.lock(grant)
        if not may_give_up(locked):
            names = {"reference": locked.reference}
            raise NotPossible(_("Access %(reference)s has ended already, or was never confirmed.") % names)
        members = [member.person for member in member_queries.joined(locked) if member.person is not None]
        was = str(locked.state)
        closed = lifecycle.close(grant=locked, cause=ClosedFor.DECLINED, by=by)
        return _ask(closed, was=was, people=[closed.holder, *members], by=by)


def decline(*, grant: Grant, has_copies: bool, by: Actor) -> Destruction | None:
    """End brought-in access that was never confirmed; where there are copies, return what its holder owes.

    They get mail as `give_up` sends it. Raises NotAllowed, NotPossible as `confirming.decline` does.
    """
    with act():
        was = str(lifecycle.lock(grant).state)
        closed = confirming.decline(grant=grant, by=by)
        if not has_copies:
            return None
        procedure = _ask(closed, was=was, people=[closed.holder], by=by)
        return Destruction.objects.get(affected__procedure=procedure)


def _ask(closed: Grant, *, was: str, people: Iterable[User], by: Actor) -> Procedure:
    procedure = by_holder.begin(
        grant=closed,
        was=was,
        act=ProcedureAct.CLOSE,
        reason=_("The holder no longer uses the data."),
        people=people,
        by=by,
    )
    for owed in Destruction.objects.filter(affected__procedure=procedure).order_by("pk"):
        messages.queue_asked(owed)
    return procedure
