"""What stands against access that is only now being opened: suspensions in force that name it, subsets that ended."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from agreements.catalog.models import Dataset, Opening, Subset
from agreements.core import actors
from agreements.grants import lifecycle
from agreements.grants.grounds import Grounds
from agreements.grants.models import Grant
from agreements.revocation import hits, writing
from agreements.revocation.hits import Hits
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.queries import IN_FORCE, suspensions_in_force
from agreements.revocation.scope import Scope

_JOB: Final = actors.job("procedures")


def ended_subsets(dataset: Dataset) -> set[int]:
    """Return the keys of the subsets that were revoked for everybody: access that opens now does not cover them.

    One that was announced and opened only after that is given again.
    """
    revoked = Procedure.objects.filter(dataset=dataset, scope=ScopeKind.SUBSET, act=ProcedureAct.REVOKE)
    at = dict(revoked.order_by("begun_at").values_list("scope_value", "begun_at"))
    if not at:
        return set()
    opened = dict(Opening.objects.filter(subset__dataset=dataset).values_list("subset__slug", "opened_at"))
    named = Subset.objects.filter(dataset=dataset, slug__in=at)
    return {subset.pk for subset in named if subset.slug not in opened or opened[subset.slug] <= at[subset.slug]}


def is_ended(subset: Subset) -> bool:
    """Return whether a procedure ended this subset for everybody, or suspends it now: nobody is given it then."""
    named = Procedure.objects.filter(Q(IN_FORCE), dataset=subset.dataset_id, scope=ScopeKind.SUBSET)
    return subset.pk in ended_subsets(subset.dataset) or named.filter(scope_value=subset.slug).exists()


def shut(grant: Grant, *, is_told: bool = True) -> None:
    """Suspend a grant that was just opened, or take subsets from it, for every suspension in force that names it.

    Lifting the procedure then opens it. In the act that opens it, which holds the dataset (`catalog.holding`); the
    grant's state is read again. Its holder is mailed unless `is_told` is false.
    """
    for procedure in suspensions_in_force(grant.dataset).order_by("begun_at", "pk"):
        # Read again each time: what an earlier one took may leave nothing but this.
        (locked,) = lifecycle.lock_all([grant.pk])
        scope = Scope(locked.dataset, ScopeKind(procedure.scope), procedure.scope_value)
        hit = hits.of_grant(scope, locked)
        if hit is None:
            continue
        writing.write_down(procedure, Hits([hit]))
        grounds = Grounds(
            procedure.reference, procedure.clause_id, procedure.reason, procedure.reason_salt, is_carried_over=True
        )
        if hit.subset is None:
            lifecycle.suspend_all(grants=[locked], grounds=grounds, by=_JOB, is_told=is_told)
        else:
            cause = ProcedureAct.SUSPEND
            lifecycle.take_subset(
                grants=[locked], subset=hit.subset, cause=cause, grounds=grounds, by=_JOB, is_told=is_told
            )
    grant.refresh_from_db(fields=["state"])
