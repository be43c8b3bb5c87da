"""Who may do what with a grant: one table, asked by pages, lists, buttons and write paths alike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Role
from agreements.catalog.roles import datasets_where, roles_of
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed
from agreements.grants.models import Grant, Seal


class Permission(StrEnum):
    VIEW = "view"
    REVEAL_PASSWORD = "reveal the password"  # noqa: S105 - the name of a permission
    MAKE_LINK = "make a link"
    END_LINK = "end a link"
    MANAGE_LINKS_OF_OTHERS = "make and end links of others"
    SUSPEND = "suspend"
    RESUME = "resume"
    EXPIRE = "expire"
    REVOKE = "revoke"


class Standing(StrEnum):
    """What someone is to a grant. A person is whoever has a running seal under it: the holder first of all."""

    HOLDER = "holder"
    PERSON = "person"
    REVIEWER = "reviewer"
    STEWARD = "steward"
    AUDITOR = "auditor"
    SYSTEM = "system"


TABLE: Final[Mapping[Permission, frozenset[Standing]]] = {
    Permission.VIEW: frozenset(set(Standing) - {Standing.SYSTEM}),
    Permission.REVEAL_PASSWORD: frozenset({Standing.PERSON}),
    Permission.MAKE_LINK: frozenset({Standing.PERSON, Standing.STEWARD}),
    Permission.END_LINK: frozenset({Standing.PERSON, Standing.STEWARD}),
    Permission.MANAGE_LINKS_OF_OTHERS: frozenset({Standing.STEWARD}),
    Permission.SUSPEND: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    Permission.RESUME: frozenset({Standing.STEWARD}),
    Permission.EXPIRE: frozenset({Standing.SYSTEM}),
    Permission.REVOKE: frozenset({Standing.STEWARD}),
}

# A steward does not lift or end what concerns them.
NOT_ON_ONES_OWN: Final = frozenset({Permission.SUSPEND, Permission.RESUME, Permission.REVOKE})

_STANDING_OF_ROLE: Final[Mapping[Role, Standing]] = {
    Role.REVIEWER: Standing.REVIEWER,
    Role.STEWARD: Standing.STEWARD,
    Role.AUDITOR: Standing.AUDITOR,
}


def standings(*, grant: Grant, by: Actor) -> frozenset[Standing]:
    """Return everything that someone is to a grant."""
    if by.person_pk is None:
        return frozenset({Standing.SYSTEM})
    found = {_STANDING_OF_ROLE[role] for role in roles_of(by.person_pk, grant.dataset)}
    if grant.holder_id == by.person_pk:
        found.add(Standing.HOLDER)
    if Seal.objects.filter(grant=grant, person_id=by.person_pk, ended_at=None).exists():
        found.add(Standing.PERSON)
    return frozenset(found)


def check_may(permission: Permission, *, grant: Grant, by: Actor) -> None:
    """Raise NotAllowed, with what a person should read, if they may not."""
    found = standings(grant=grant, by=by)
    if not found & TABLE[permission]:
        raise NotAllowed(_("You may not do this with this access."))
    if permission in NOT_ON_ONES_OWN and Standing.HOLDER in found:
        raise NotAllowed(_("This is your own access: another steward has to do this."))


def may(permission: Permission, *, grant: Grant, by: Actor) -> bool:
    """Return whether `check_may` would pass."""
    try:
        check_may(permission, grant=grant, by=by)
    except NotAllowed:
        return False
    return True


def visible_to(person_pk: int | None) -> QuerySet[Grant]:
    """Return the grants that someone may read. Agrees with `may(VIEW)`."""
    if person_pk is None:
        return Grant.objects.none()
    as_staff = datasets_where(person_pk, list(_STANDING_OF_ROLE))
    sealed = Seal.objects.filter(grant=OuterRef("pk"), person_id=person_pk, ended_at=None)
    return Grant.objects.filter(Q(holder_id=person_pk) | Q(dataset__in=as_staff.values("pk")) | Q(Exists(sealed)))


def held_by(person_pk: int | None) -> QuerySet[Grant]:
    """Return the grants that are someone's own, ended ones too: what their page of grants lists."""
    if person_pk is None:
        return Grant.objects.none()
    sealed = Seal.objects.filter(grant=OuterRef("pk"), person_id=person_pk, ended_at=None)
    return Grant.objects.filter(Q(holder_id=person_pk) | Q(Exists(sealed)))
