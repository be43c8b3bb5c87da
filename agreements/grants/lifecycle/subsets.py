"""Taking a subset from grants that keep others, and giving it back.

What is not in a grant's `subsets` is not covered: links to its archives are refused and what runs through them is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from agreements.catalog.models import Subset
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.grants import ending_messages
from agreements.grants.grounds import Grounds
from agreements.grants.lifecycle.writing import batches, lock_all, subjects
from agreements.grants.models import Grant, GrantState, Link, TakenSubset
from agreements.grants.permissions import Permission, check_may_all
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def take_subset(
    *, grants: Sequence[Grant], subset: Subset, cause: str, grounds: Grounds, by: Actor, is_told: bool = True
) -> None:
    """Take a subset from grants of its dataset: links to its archives end; holders and members are told, if `is_told`.

    The grants come from `lock_all`, in the running act. What an earlier procedure took passes to this one, so that
    lifting the earlier one gives nothing back. Raises NotAllowed, Invalid for a clause that the terms of one do not
    have; then it is taken from none.
    """
    if not grants:
        return
    with act() as record:
        # What is taken for a time needs no more than a suspension does.
        needs = Permission.REVOKE if grounds.destroy_by else Permission.SUSPEND
        standing = check_may_all(needs, grants=grants, by=by)
        grounds.check(grant.terms for grant in grants)
        covered = Grant.subsets.through.objects.filter(subset_id=subset.pk)
        for some in batches(grants):
            taken = TakenSubset.objects.filter(grant__in=some, subset=subset, given_back_at=None)
            earlier = set(taken.values_list("grant_id", flat=True))
            taken.update(procedure=grounds.procedure)
            covered.filter(grant_id__in=[grant.pk for grant in some]).delete()
            running = Link.objects.filter(grant__in=some, archive__subset=subset, ended_at=None)
            # It changes the row of each link that runs: by that `downloads/plain_sql.py` sees that something ended.
            running.update(ended_at=now())
            TakenSubset.objects.bulk_create(
                TakenSubset(grant=grant, subset=subset, procedure=grounds.procedure)
                for grant in some
                if grant.pk not in earlier
            )
        if is_told:
            ending_messages.queue_subset_ended(grants, subset=subset, grounds=grounds)
        for grant in grants:
            record.record(
                Kind.SUBSET_TAKEN,
                by=by,
                as_role=standing,
                subjects=subjects(grant) | {"procedure": grounds.procedure},
                subset=subset.slug,
                cause=cause,
            )


def give_back_subset(*, procedure: str, by: Actor) -> list[Grant]:
    """Give back what a procedure took, to every grant that was not revoked meanwhile. Returns those grants.

    Links that were ended stay so; their people are told that they can make new ones.
    """
    with act() as record:
        mine = TakenSubset.objects.filter(procedure=procedure, given_back_at=None).select_related("subset")
        locked = {grant.pk: grant for grant in lock_all(mine.values_list("grant_id", flat=True))}
        rows = [
            row
            for row in mine.order_by("grant_id")
            if row.grant_id in locked and locked[row.grant_id].state != GrantState.REVOKED
        ]
        if not rows:
            return []
        grants = [locked[row.grant_id] for row in rows]
        standing = check_may_all(Permission.RESUME, grants=grants, by=by)
        for some in batches([row.pk for row in rows]):
            TakenSubset.objects.filter(pk__in=some).update(given_back_at=now())
        through = Grant.subsets.through
        through.objects.bulk_create(
            [through(grant_id=row.grant_id, subset_id=row.subset_id) for row in rows], ignore_conflicts=True
        )
        for row in rows:
            grant = locked[row.grant_id]
            record.record(
                Kind.SUBSET_GIVEN_BACK,
                by=by,
                as_role=standing,
                subjects=subjects(grant) | {"procedure": procedure},
                subset=row.subset.slug,
            )
        ending_messages.queue_subset_returned(grants, subset=rows[0].subset)
    return grants
