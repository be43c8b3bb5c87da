"""Ending what somebody is to datasets, and erasing the invitations that name them."""

from __future__ import annotations

from django.db.models import Q

from agreements.catalog import roles
from agreements.catalog.models import Interest, Role, RoleAssignment, StaffInvitation
from agreements.core import erased
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.erased import Named
from agreements.people.models import User


def last_steward_of(person_pk: int) -> list[str]:
    """Return the titles of the datasets that would have no steward without this person."""
    held = RoleAssignment.objects.filter(user=person_pk, role=Role.STEWARD, ended_at=None).select_related("dataset")
    return [
        row.dataset.title
        for row in held
        if not roles.holders(row.dataset, {Role.STEWARD}).exclude(user=person_pk).exists()
    ]


def end_roles(person: User, *, by: Actor) -> None:
    """End all roles of a person. Raises NotPossible for the last steward of a dataset."""
    held = RoleAssignment.objects.filter(user=person, ended_at=None).select_related("dataset").order_by("dataset", "pk")
    for row in held:
        roles.end(user=person, dataset=row.dataset, role=Role(row.role), by=by)


def erase(person: User, who: Named) -> None:
    """Erase the address from invitations to roles, shut those that are open, and end wishes to be told."""
    Interest.objects.filter(person=person, ended_at=None).update(ended_at=now())
    theirs = Q()
    for pattern in who.mailboxes():
        theirs |= Q(email__iregex=pattern)
    if theirs:
        invitations = StaffInvitation.objects.filter(theirs)
        invitations.filter(accepted_at=None, expires_at__gt=now()).update(expires_at=now())
        invitations.update(email=erased.address_of(person.public_id))
