"""A holder no longer uses access that was brought in: it ends, and copies that are left have to be destroyed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.grants import lifecycle
from agreements.grants.imported import confirming
from agreements.grants.models import Grant
from agreements.ledger.act import act
from agreements.revocation import by_holder, messages
from agreements.revocation.models import Destruction, ProcedureAct


def give_up(*, grant: Grant, has_copies: bool, by: Actor) -> Destruction | None:
    """End it for good; where there are copies, return what its holder owes: to destroy them, and to attest it.

    They get mail that says by when, and where. Raises NotAllowed, NotPossible as `confirming.decline` does.
    """
    with act():
        was = str(lifecycle.lock(grant).state)
        closed = confirming.decline(grant=grant, by=by)
        if not has_copies:
            return None
        procedure = by_holder.begin(
            grant=closed,
            was=was,
            act=ProcedureAct.CLOSE,
            reason=_("The holder no longer uses the data."),
            people=[closed.holder],
            by=by,
        )
        owed = Destruction.objects.get(affected__procedure=procedure)
        messages.queue_asked(owed)
        return owed
