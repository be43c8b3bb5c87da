"""Lifting a suspension: what its procedure closed opens again, and what it took is given back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotPossible
from agreements.grants import lifecycle
from agreements.grants.models import Suspension, TakenSubset
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.revocation.models import Procedure


def lift(*, procedure: Procedure, reason: str, by: Actor) -> Procedure:
    """Lift a suspension and return its procedure. What is suspended for something else too stays so.

    Raises NotAllowed (not a steward of the dataset, or own access among what was suspended), Invalid without a reason,
    NotPossible if it was lifted before or is no suspension.
    """
    standing = check_may(Permission.END_ACCESS, dataset=procedure.dataset, by=by)
    if not reason.strip():
        raise Invalid(_("Say why it is lifted: the record keeps it."), field="reason")
    with act() as record:
        # Grants first, as everybody does; only then the procedure, and what it still holds.
        lifecycle.lock_all(_reached(procedure))
        locked = Procedure.objects.select_for_update(of=("self",)).select_related("dataset").get(pk=procedure.pk)
        if not locked.is_in_force:
            raise NotPossible(
                _("%(reference)s was lifted already, or is no suspension.") % {"reference": locked.reference}
            )
        resumed = lifecycle.resume_all(procedure=locked.reference, reason=reason.strip(), by=by)
        returned = lifecycle.give_back_subset(procedure=locked.reference, by=by)
        locked.lifted_at, locked.lifted_by_id = now(), by.pk
        locked.lift_reason, locked.lift_salt = reason.strip(), new_salt()
        locked.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "lift_salt"])
        record.record(
            Kind.SUSPENSION_LIFTED,
            by=by,
            as_role=standing,
            subjects={"procedure": locked.reference, "dataset": locked.dataset.slug},
            grants=len({grant.pk for grant in [*resumed, *returned]}),
            reason_digest=text_digest(locked.lift_reason, salt=locked.lift_salt),
        )
    return locked


def _reached(procedure: Procedure) -> set[int]:
    """Return the keys of the grants that a procedure still holds."""
    suspended = Suspension.objects.filter(procedure=procedure.reference, closed_at=None)
    taken = TakenSubset.objects.filter(procedure=procedure.reference, given_back_at=None)
    return {*suspended.values_list("grant_id", flat=True), *taken.values_list("grant_id", flat=True)}
