"""The one write path of a grant's state: lock, look in the table, check the permission, write.

One grant or a thousand take the same few queries: rows are locked and written many at a time, always in the order of
their keys, so that no two acts wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.grants.models import Grant, GrantState
from agreements.grants.permissions import Permission, Standing, check_may, check_may_all
from agreements.grants.states import Step, next_state
from agreements.people.models import User

T = TypeVar("T")

NEEDS: Final[Mapping[Step, Permission]] = {
    Step.SUSPEND: Permission.SUSPEND,
    Step.RESUME: Permission.RESUME,
    Step.EXPIRE: Permission.EXPIRE,
    Step.RENEW: Permission.RENEW,
    Step.CLOSE: Permission.CLOSE,
    Step.REVOKE: Permission.REVOKE,
}
_FINAL: Final = frozenset({GrantState.EXPIRED, GrantState.REVOKED})
AT_ONCE: Final = 500
"""Rows that one query names; databases limit how many parameters it may have."""


def lock(grant: Grant) -> Grant:
    """Return the grant as it is now, its row locked until the act ends."""
    return lock_all([grant.pk])[0]


def lock_all(pks: Iterable[int]) -> list[Grant]:
    """Return the grants as they are now, in the order of their keys, all locked until the act ends.

    Raises Grant.DoesNotExist if one of them is not there.
    """
    wanted = sorted(set(pks))
    rows = Grant.objects.select_for_update(of=("self",)).select_related("dataset", "terms", "holder", "application")
    found = [grant for some in batches(wanted) for grant in rows.filter(pk__in=some).order_by("pk")]
    if len(found) != len(wanted):
        raise Grant.DoesNotExist
    return found


def check_step(grant: Grant, step: Step, by: Actor, *, needs: Permission | None = None) -> Standing:
    """Return by which standing a step may be taken with a grant. Raises NotAllowed, NotPossible."""
    standing = check_may(needs or NEEDS[step], grant=grant, by=by)
    _target(grant, step)
    return standing


def check_step_all(grants: Sequence[Grant], step: Step, by: Actor) -> Standing:
    """Return by which standing a step may be taken with every one of the grants, all of one dataset.

    Raises NotAllowed, NotPossible: then it may not be taken with one of them, which is named.
    """
    standing = check_may_all(NEEDS[step], grants=grants, by=by)
    for grant in grants:
        _target(grant, step)
    return standing


def move(grants: Sequence[Grant], step: Step) -> None:
    """Write the states that a step leads to; whoever calls has locked the grants and checked the step."""
    targets = {grant.pk: _target(grant, step) for grant in grants}
    for target in set(targets.values()):
        moved = [grant for grant in grants if targets[grant.pk] == target != grant.state]
        ended_at = now() if target in _FINAL else None
        for grant in moved:
            grant.state, grant.ended_at = target, ended_at
        for some in batches(moved):
            Grant.objects.filter(pk__in=[grant.pk for grant in some]).update(state=target, ended_at=ended_at)


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in their order, as many at a time as one query names."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def subjects(grant: Grant, member: User | None = None) -> dict[str, str]:
    """Return what a ledger row about this grant names: `member` too, where it is about one and not the holder."""
    named = {
        "grant": grant.reference,
        "application": grant.application.reference,
        "dataset": grant.dataset.slug,
        "person": str(grant.holder.public_id),
    }
    return named | ({"member": str(member.public_id)} if member is not None and member.pk != grant.holder_id else {})


def _target(grant: Grant, step: Step) -> GrantState:
    target = next_state(grant.state, step)
    if target is None:
        raise NotPossible(
            _("Access %(reference)s is %(state)s: this can no longer be done.")
            % {"reference": grant.reference, "state": grant.get_state_display()}
        )
    return target
