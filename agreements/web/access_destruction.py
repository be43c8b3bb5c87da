"""Loading what somebody owes after an end: for the person who owes it, and for the staff of the dataset."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404, HttpRequest

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission
from agreements.grants.models import Grant, GrantMember
from agreements.grants.permissions import held_by
from agreements.revocation import queries
from agreements.revocation.models import AffectedGrant, Destruction, DestructionState
from agreements.web import access

T = TypeVar("T")


def own(request: HttpRequest, reference: str, destruction_id: int) -> Destruction:
    """Return what the signed-in person owes or owed, whatever is left of their access."""
    asked = queries.asked_of(access.person(request).pk).filter(affected__grant__reference=reference)
    return _found(asked.filter(pk=destruction_id).first())


def own_of_grant(request: HttpRequest, reference: str) -> Destruction | None:
    """Return what the signed-in person owes after an end of a grant, or else what they settled last, or None.

    Http404 for a grant that was never theirs.
    """
    person = access.person(request)
    asked = queries.asked_of(person.pk).filter(affected__grant__reference=reference)
    found = asked.filter(state=DestructionState.DUE).first() or asked.order_by("-settled_at", "-pk").first()
    if found is None:
        grant = _found(Grant.objects.filter(reference=reference).first())
        was_member = GrantMember.objects.filter(grant=grant, person=person, joined_at__isnull=False)
        _found(held_by(person.pk).filter(pk=grant.pk).first() or was_member.first())
    return found


def of_procedure(
    request: HttpRequest, slug: str, reference: str, destruction_id: int, *, needs: Permission = Permission.VIEW_DESK
) -> Destruction:
    """Return what somebody owes under a procedure of a dataset, with which the signed-in person may do `needs`."""
    owed = queries.destructions().filter(affected__procedure__dataset=_dataset(request, slug, needs))
    return _found(owed.filter(affected__procedure__reference=reference, pk=destruction_id).first())


def affected(request: HttpRequest, slug: str, reference: str, affected_id: int) -> AffectedGrant:
    """Return how a procedure of a dataset reached a grant, for the dataset's staff."""
    reached = AffectedGrant.objects.filter(procedure__dataset=_dataset(request, slug, Permission.VIEW_DESK))
    named = reached.filter(procedure__reference=reference, pk=affected_id)
    return _found(named.select_related("grant", "procedure").first())


def _dataset(request: HttpRequest, slug: str, needs: Permission) -> Dataset:
    return access.staffed_dataset(request, slug, needs=needs)


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
