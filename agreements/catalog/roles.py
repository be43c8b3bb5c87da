"""Who holds which role for a dataset, and the only two ways in which that changes."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people.models import User
from agreements.people.sessions import end_sessions


def roles_of(person_pk: int | None, dataset: Dataset) -> frozenset[Role]:
    """Return the roles that a person holds now; none for somebody who is not signed in or not active."""
    if person_pk is None:
        return frozenset()
    held = _running().filter(user=person_pk, dataset=dataset).values_list("role", flat=True)
    return frozenset(Role(role) for role in held)


def has_role(*, person_pk: int | None, dataset: Dataset, roles: Collection[Role]) -> bool:
    """Tell whether a person holds one of the roles."""
    return not roles_of(person_pk, dataset).isdisjoint(roles)


def datasets_where(person_pk: int | None, roles: Collection[Role]) -> QuerySet[Dataset]:
    """Return the datasets for which a person holds one of the roles. The queryset form of `has_role`."""
    held = _running().filter(user=person_pk, role__in=list(roles))
    return Dataset.objects.filter(pk__in=held.values("dataset"))


def holders(dataset: Dataset, roles: Collection[Role] = tuple(Role)) -> QuerySet[RoleAssignment]:
    """Return the running assignments of a dataset, with their people."""
    found = _running().filter(dataset=dataset, role__in=list(roles))
    return found.select_related("user").order_by("role", "given_at", "pk")


def may_change_roles(*, person_pk: int | None, dataset: Dataset) -> bool:
    """Tell whether a person may give and end roles: a steward of the dataset, or a site administrator."""
    if person_pk is None:
        return False
    if User.objects.filter(pk=person_pk, is_active=True, is_staff=True).exists():
        return True
    return has_role(person_pk=person_pk, dataset=dataset, roles={Role.STEWARD})


def check_may_change_roles(*, by: Actor, dataset: Dataset) -> None:
    """Raise NotAllowed unless the actor may give and end roles; jobs of the system (set-up) may."""
    if by.is_person and not may_change_roles(person_pk=by.person_pk, dataset=dataset):
        raise NotAllowed(_("Only a steward of the dataset can change who holds a role."))


def give(*, user: User, dataset: Dataset, role: Role, by: Actor) -> RoleAssignment:
    """Give a role; giving it again changes nothing. Raises NotAllowed."""
    check_may_change_roles(by=by, dataset=dataset)
    return assign(user=user, dataset=dataset, role=role, by=by, given_by_pk=by.person_pk)


def assign(*, user: User, dataset: Dataset, role: Role, by: Actor, given_by_pk: int | None) -> RoleAssignment:
    """Write the assignment and its ledger row. For `give` and for an invitation that was accepted."""
    with act() as record:
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        assignment, created = RoleAssignment.objects.get_or_create(
            user=user, dataset=dataset, role=role, ended_at=None, defaults={"given_by_id": given_by_pk}
        )
        if created:
            record.record(Kind.ROLE_GIVEN, by=by, subjects=_subjects(user, dataset), assigned_role=str(role))
        return assignment


def end(*, user: User, dataset: Dataset, role: Role, by: Actor) -> None:
    """End a role; one that is not held is no error. Raises NotAllowed; NotPossible for the last steward."""
    check_may_change_roles(by=by, dataset=dataset)
    with act() as record:
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        held = RoleAssignment.objects.filter(user=user, dataset=dataset, role=role, ended_at=None)
        if not held.exists():
            return
        others = holders(dataset, {Role.STEWARD}).exclude(user=user)
        if role == Role.STEWARD and not others.exists():
            raise NotPossible(_("This is the last steward; the dataset needs one. Invite another first."))
        held.update(ended_at=now())
        # Whoever loses a role signs in anew: a page left open in a browser must not go on acting.
        end_sessions(user)
        record.record(Kind.ROLE_ENDED, by=by, subjects=_subjects(user, dataset), assigned_role=str(role))


def _running() -> QuerySet[RoleAssignment]:
    return RoleAssignment.objects.filter(ended_at=None, user__is_active=True)


def _subjects(user: User, dataset: Dataset) -> dict[str, str]:
    return {"dataset": dataset.slug, "person": str(user.public_id)}
