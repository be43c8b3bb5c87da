"""Who may do what for a dataset: one table, asked by pages, lists, buttons and write paths alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed, is_allowed
from agreements.people.models import User


class Permission(StrEnum):
    VIEW_CASES = "read cases"
    VIEW_DESK = "view the desk"
    VIEW_RECORD = "view the record"
    VIEW_MAIL = "read mail that came in"
    LOOK_AFTER_MAIL = "mark mail as looked at, and have it read again"
    SEND_AGAIN = "send mail again"
    END_ACCESS = "end access"
    CHANGE_ROLES = "give and end roles"
    CHANGE_RULES = "add and end address rules"
    LOAD = "load the folder"
    PUBLISH = "publish archives"
    PUBLISH_TERMS = "publish terms"
    DECIDE_OPENING = "decide who gets a subset that opened"
    DECIDE_TERMS = "decide what new terms mean for running access"
    BRING_IN = "bring in earlier access, and mail its holders"
    TRACE = "trace found archives"
    RECONCILE = "reconcile after a restore"
    MAKE_CHECKPOINT = "make a checkpoint of the record"


class Standing(StrEnum):
    """What someone is to a dataset, from the weakest to the strongest. Staff's are named as their roles."""

    AUDITOR = "auditor"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    STEWARD = "steward"
    SYSTEM = "system"


TABLE: Final[Mapping[Permission, frozenset[Standing]]] = {
    Permission.VIEW_CASES: frozenset({Standing.STEWARD, Standing.REVIEWER, Standing.AUDITOR}),
    Permission.VIEW_DESK: frozenset({Standing.STEWARD, Standing.AUDITOR}),
    Permission.VIEW_RECORD: frozenset({Standing.STEWARD, Standing.AUDITOR}),
    # The administrator looks after the mailbox: what fits no dataset, and what could not be read, is for them.
    Permission.VIEW_MAIL: frozenset({Standing.STEWARD, Standing.REVIEWER, Standing.AUDITOR, Standing.ADMINISTRATOR}),
    Permission.LOOK_AFTER_MAIL: frozenset({Standing.STEWARD, Standing.REVIEWER, Standing.ADMINISTRATOR}),
    Permission.SEND_AGAIN: frozenset({Standing.STEWARD}),
    Permission.END_ACCESS: frozenset({Standing.STEWARD}),
    Permission.CHANGE_ROLES: frozenset({Standing.STEWARD, Standing.ADMINISTRATOR, Standing.SYSTEM}),
    Permission.CHANGE_RULES: frozenset({Standing.STEWARD}),
    Permission.LOAD: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    Permission.PUBLISH: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    Permission.PUBLISH_TERMS: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    Permission.DECIDE_OPENING: frozenset({Standing.STEWARD}),
    Permission.DECIDE_TERMS: frozenset({Standing.STEWARD}),
    Permission.BRING_IN: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    # It tells who a person is by a file from anywhere: reading the desk is not enough for that.
    Permission.TRACE: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    Permission.RECONCILE: frozenset({Standing.STEWARD}),
    # The record is the whole site's: a steward of any dataset may.
    Permission.MAKE_CHECKPOINT: frozenset({Standing.STEWARD, Standing.SYSTEM}),
}

_REFUSALS: Final = {
    Permission.CHANGE_ROLES: gettext_lazy("Only a steward of the dataset can change who holds a role."),
    Permission.CHANGE_RULES: gettext_lazy("Only a steward of the dataset can change its rules."),
    Permission.LOAD: gettext_lazy("Only a steward of the dataset can load it."),
    Permission.PUBLISH: gettext_lazy("Only a steward of the dataset can publish archives."),
    Permission.PUBLISH_TERMS: gettext_lazy("Only a steward of the dataset can publish terms."),
    Permission.DECIDE_OPENING: gettext_lazy("Only a steward of the dataset can decide this."),
    Permission.DECIDE_TERMS: gettext_lazy("Only a steward of the dataset can decide this."),
    Permission.BRING_IN: gettext_lazy("Only a steward of the dataset can bring in earlier access."),
    Permission.RECONCILE: gettext_lazy("Only a steward of the dataset can open it again after a restore."),
    Permission.TRACE: gettext_lazy("Only a steward of the dataset can find out whose seal is on a file."),
}


def standings(*, dataset: Dataset | None, by: Actor) -> frozenset[Standing]:
    """Return everything that someone is to a dataset; None is one that does not exist yet."""
    if by.person_pk is None:
        return frozenset({Standing.SYSTEM})
    found = {Standing(role) for role in roles_of(by.person_pk, dataset)} if dataset else set()
    if User.objects.filter(pk=by.person_pk, is_active=True, is_staff=True).exists():
        found.add(Standing.ADMINISTRATOR)
    return frozenset(found)


def check_may(permission: Permission, *, dataset: Dataset | None, by: Actor) -> Standing:
    """Return the strongest standing that allows it. Raises NotAllowed with what a person should read."""
    allowing = standings(dataset=dataset, by=by) & TABLE[permission]
    if not allowing:
        raise NotAllowed(str(_REFUSALS.get(permission) or _("You may not do this with this dataset.")))
    return max(allowing, key=list(Standing).index)


def may(permission: Permission, *, dataset: Dataset, by: Actor) -> bool:
    """Return whether `check_may` would pass."""
    return is_allowed(lambda: check_may(permission, dataset=dataset, by=by))


def datasets_for(permission: Permission, *, by: Actor) -> QuerySet[Dataset]:
    """Return the datasets for which someone's role allows this. Agrees with `may`, but for the administrator."""
    return datasets_where(by.person_pk, [role for role in Role if Standing(role) in TABLE[permission]])


def roles_of(person_pk: int | None, dataset: Dataset) -> frozenset[Role]:
    """Return the roles that a person holds now; none for somebody who is not signed in or not active."""
    if person_pk is None:
        return frozenset()
    held = running().filter(user=person_pk, dataset=dataset).values_list("role", flat=True)
    return frozenset(Role(role) for role in held)


def has_role(*, person_pk: int | None, dataset: Dataset, roles: Collection[Role]) -> bool:
    """Tell whether a person holds one of the roles."""
    return not roles_of(person_pk, dataset).isdisjoint(roles)


def datasets_where(person_pk: int | None, roles: Collection[Role]) -> QuerySet[Dataset]:
    """Return the datasets for which a person holds one of the roles. The queryset form of `has_role`."""
    held = running().filter(user=person_pk, role__in=list(roles))
    return Dataset.objects.filter(pk__in=held.values("dataset"))


def running() -> QuerySet[RoleAssignment]:
    """Return the assignments that have not ended, of people whose accounts are open."""
    return RoleAssignment.objects.filter(ended_at=None, user__is_active=True)
