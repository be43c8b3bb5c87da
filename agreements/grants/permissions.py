"""Who may do what with a grant: one table, asked by pages, lists, buttons and write paths alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Role
from agreements.catalog.roles import datasets_where, roles_of
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed, is_allowed
from agreements.grants.models import Grant, Seal


class Permission(StrEnum):
    VIEW = "view"
    REVEAL_PASSWORD = "reveal the password"  # noqa: S105 - the name of a permission
    MAKE_LINK = "make a link"
    END_LINK = "end a link"
    MANAGE_LINKS_OF_OTHERS = "make and end links of others"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESUME_PROVEN = "resume once the address is proven, the access confirmed or the new terms agreed to"
    EXPIRE = "expire"
    PROVE_ADDRESS = "prove the address again"
    RENEW = "renew"
    ANSWER_TERMS = "agree to new terms, or not"
    CLOSE = "close"
    ANSWER_OFFER = "accept or decline a subset that opened"
    CONFIRM = "confirm brought-in access, or say that it is not used"
    REVOKE = "revoke"
    SEE_AGREEMENT = "see the application and what was signed"
    SEE_PEOPLE = "see the members, and what everybody did"
    INVITE_MEMBER = "invite a member"
    REMOVE_MEMBER = "remove a member"
    LEAVE = "leave"


class Standing(StrEnum):
    """What someone is to a grant, from the weakest to the strongest. Staff's are named as their roles.

    A person is whoever has a running seal under it: the holder first of all, and each member.
    """

    MEMBER = "member"
    HOLDER = "holder"
    PERSON = "person"
    AUDITOR = "auditor"
    REVIEWER = "reviewer"
    STEWARD = "steward"
    SYSTEM = "system"


_STAFF: Final = frozenset({Standing.AUDITOR, Standing.REVIEWER, Standing.STEWARD})

TABLE: Final[Mapping[Permission, frozenset[Standing]]] = {
    Permission.VIEW: frozenset(set(Standing) - {Standing.SYSTEM}),
    Permission.REVEAL_PASSWORD: frozenset({Standing.PERSON}),
    Permission.MAKE_LINK: frozenset({Standing.PERSON, Standing.STEWARD}),
    Permission.END_LINK: frozenset({Standing.PERSON, Standing.STEWARD}),
    Permission.MANAGE_LINKS_OF_OTHERS: frozenset({Standing.STEWARD}),
    Permission.SUSPEND: frozenset({Standing.STEWARD, Standing.SYSTEM}),
    Permission.RESUME: frozenset({Standing.STEWARD}),
    Permission.RESUME_PROVEN: frozenset({Standing.HOLDER, Standing.SYSTEM}),
    Permission.EXPIRE: frozenset({Standing.SYSTEM}),
    Permission.PROVE_ADDRESS: frozenset({Standing.HOLDER}),
    Permission.RENEW: frozenset({Standing.HOLDER}),
    Permission.ANSWER_TERMS: frozenset({Standing.HOLDER}),
    Permission.CLOSE: frozenset({Standing.HOLDER}),
    Permission.ANSWER_OFFER: frozenset({Standing.HOLDER}),
    Permission.CONFIRM: frozenset({Standing.HOLDER}),
    Permission.REVOKE: frozenset({Standing.STEWARD}),
    Permission.SEE_AGREEMENT: _STAFF | {Standing.HOLDER},
    Permission.SEE_PEOPLE: _STAFF | {Standing.HOLDER},
    Permission.INVITE_MEMBER: frozenset({Standing.HOLDER}),
    Permission.REMOVE_MEMBER: frozenset({Standing.HOLDER, Standing.STEWARD}),
    Permission.LEAVE: frozenset({Standing.MEMBER}),
}

# A steward does not lift or end what concerns them, as a member of it neither.
NOT_ON_ONES_OWN: Final = frozenset({Permission.SUSPEND, Permission.RESUME, Permission.REVOKE})


def standings(*, grant: Grant, by: Actor) -> frozenset[Standing]:
    """Return everything that someone is to a grant."""
    if by.person_pk is None:
        return frozenset({Standing.SYSTEM})
    found = {Standing(role) for role in roles_of(by.person_pk, grant.dataset)}
    if grant.holder_id == by.person_pk:
        found.add(Standing.HOLDER)
    if Seal.objects.filter(grant=grant, person_id=by.person_pk, ended_at=None).exists():
        found |= {Standing.PERSON} if Standing.HOLDER in found else {Standing.PERSON, Standing.MEMBER}
    return frozenset(found)


def check_may(permission: Permission, *, grant: Grant, by: Actor) -> Standing:
    """Return the strongest standing that allows it. Raises NotAllowed with what a person should read."""
    found = standings(grant=grant, by=by)
    allowing = found & TABLE[permission]
    if not allowing:
        raise NotAllowed(_("You may not do this with this access."))
    if permission in NOT_ON_ONES_OWN and found & {Standing.HOLDER, Standing.MEMBER}:
        raise NotAllowed(_("This is your own access: another steward has to do this."))
    return max(allowing, key=list(Standing).index)


def check_may_all(permission: Permission, *, grants: Sequence[Grant], by: Actor) -> Standing:
    """Do the same for many grants of one dataset in two queries, for what staff or the system do with them.

    Raises NotAllowed if it may not be done with one of them; their own are named.
    """
    if len(grants) == 1 or by.person_pk is None:
        return min((check_may(permission, grant=grant, by=by) for grant in grants), key=list(Standing).index)
    (dataset,) = {grant.dataset for grant in grants}
    allowing = {Standing(role) for role in roles_of(by.person_pk, dataset)} & TABLE[permission]
    if not allowing:
        raise NotAllowed(_("You may not do this with this access."))
    if permission in NOT_ON_ONES_OWN and (own := _own(grants, person_pk=by.person_pk)):
        raise NotAllowed(
            _("%(references)s: your own access, or one that you are a member of. Another steward has to do this.")
            % {"references": ", ".join(own)}
        )
    return max(allowing, key=list(Standing).index)


def may(permission: Permission, *, grant: Grant, by: Actor) -> bool:
    """Return whether `check_may` would pass."""
    return is_allowed(lambda: check_may(permission, grant=grant, by=by))


def visible_to(person_pk: int | None) -> QuerySet[Grant]:
    """Return the grants that someone may read. Agrees with `may(VIEW)`."""
    if person_pk is None:
        return Grant.objects.none()
    as_staff = datasets_where(person_pk, [role for role in Role if Standing(role) in TABLE[Permission.VIEW]])
    sealed = Seal.objects.filter(grant=OuterRef("pk"), person_id=person_pk, ended_at=None)
    return Grant.objects.filter(Q(holder_id=person_pk) | Q(dataset__in=as_staff.values("pk")) | Q(Exists(sealed)))


def held_by(person_pk: int | None) -> QuerySet[Grant]:
    """Return the grants that are someone's own, ended ones too: what their page of grants lists."""
    if person_pk is None:
        return Grant.objects.none()
    sealed = Seal.objects.filter(grant=OuterRef("pk"), person_id=person_pk, ended_at=None)
    return Grant.objects.filter(Q(holder_id=person_pk) | Q(Exists(sealed)))


def _own(grants: Sequence[Grant], *, person_pk: int) -> list[str]:
    """Return the references of the grants that a person holds or is a member of."""
    sealed = set(Seal.objects.filter(person_id=person_pk, ended_at=None).values_list("grant_id", flat=True))
    return [grant.reference for grant in grants if grant.holder_id == person_pk or grant.pk in sealed]


def is_held_by(person_pk: int | None, grant: Grant) -> bool:
    """Return whether `held_by` has the grant."""
    return held_by(person_pk).filter(pk=grant.pk).exists()
