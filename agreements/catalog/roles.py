"""Who holds which role for a dataset, and the only two ways in which that changes."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset, Role, RoleAssignment, StaffInvitation
from agreements.catalog.permissions import (
    Permission,
    check_may,
    datasets_where,
    has_role,
    may,
    roles_of,
    running,
)
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people.models import User
from agreements.people.sessions import end_sessions

__all__ = ["assign", "datasets_where", "end", "give", "has_role", "holders", "roles_of"]


def holders(dataset: Dataset, roles: Collection[Role] = tuple(Role)) -> QuerySet[RoleAssignment]:
    """Return the running assignments of a dataset, with their people."""
    found = running().filter(dataset=dataset, role__in=list(roles))
    return found.select_related("user").order_by("role", "given_at", "pk")


def give(*, user: User, dataset: Dataset, role: Role, by: Actor) -> RoleAssignment:
    """Give a role; giving it again changes nothing. Raises NotAllowed."""
    standing = check_may(Permission.CHANGE_ROLES, dataset=dataset, by=by)
    return assign(user=user, dataset=dataset, role=role, by=by, as_role=standing, given_by_pk=by.person_pk)


def assign(
    *, user: User, dataset: Dataset, role: Role, by: Actor, as_role: str, given_by_pk: int | None
) -> RoleAssignment:
    """Write the assignment and its ledger row. For `give` and for an invitation that was accepted."""
    with act() as record:
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        assignment, created = RoleAssignment.objects.get_or_create(
            user=user, dataset=dataset, role=role, ended_at=None, defaults={"given_by_id": given_by_pk}
        )
        if created:
            about = _subjects(user, dataset)
            record.record(Kind.ROLE_GIVEN, by=by, as_role=as_role, subjects=about, assigned_role=str(role))
        return assignment


def end(*, user: User, dataset: Dataset, role: Role, by: Actor) -> None:
    """End a role; one that is not held is no error. Raises NotAllowed; NotPossible for the last steward."""
    standing = check_may(Permission.CHANGE_ROLES, dataset=dataset, by=by)
    with act() as record:
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        held = RoleAssignment.objects.filter(user=user, dataset=dataset, role=role, ended_at=None)
        if not held.exists():
            return
        others = holders(dataset, {Role.STEWARD}).exclude(user=user)
        if role == Role.STEWARD and not others.exists():
            raise NotPossible(_("This is the last steward; the dataset needs one. Invite another first."))
        held.update(ended_at=now())
        if not may(Permission.CHANGE_ROLES, dataset=dataset, by=user.actor):
            sent = StaffInvitation.objects.filter(dataset=dataset, invited_by=user, accepted_at=None)
            sent.filter(expires_at__gt=now()).update(expires_at=now())
        # Whoever loses a role signs in anew: a page left open in a browser must not go on acting.
        end_sessions(user)
        about = _subjects(user, dataset)
        record.record(Kind.ROLE_ENDED, by=by, as_role=standing, subjects=about, assigned_role=str(role))


def _subjects(user: User, dataset: Dataset) -> dict[str, str]:
    return {"dataset": dataset.slug, "person": str(user.public_id)}
