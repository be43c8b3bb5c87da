"""What is asked about the members of a grant and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F, Q, QuerySet

from agreements.applications.form import members_of
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.domains import same_organization
from agreements.grants.members.invitations import LIFETIME
from agreements.grants.models import Grant, GrantMember, MemberState

_AT_ONCE: Final = 500
"""Grants that one query names; databases limit how many parameters it may have."""


@dataclass(frozen=True, slots=True)
class Named:
    """A colleague whom the application names. `is_elsewhere`: at another domain than the holder."""

    name: str
    email: str
    is_elsewhere: bool


def every(grant: Grant) -> QuerySet[GrantMember]:
    """Return everybody who was ever invited, those who are members or invited now first."""
    rows = GrantMember.objects.filter(grant=grant).select_related("grant__holder", "person", "terms", "ended_by")
    return rows.order_by(F("ended_at").asc(nulls_first=True), "invited_at", "pk")


def joined(grant: Grant) -> QuerySet[GrantMember]:
    """Return the members as of now."""
    return every(grant).filter(state=MemberState.JOINED)


def joined_under(grants: Sequence[Grant]) -> list[GrantMember]:
    """Return the members of grants as of now, each with `person` and with its `grant` as given here."""
    by_pk = {grant.pk: grant for grant in grants}
    pks = sorted(by_pk)
    found = []
    for start in range(0, len(pks), _AT_ONCE):
        rows = GrantMember.objects.filter(grant__in=pks[start : start + _AT_ONCE], state=MemberState.JOINED)
        found += list(rows.filter(person__isnull=False).select_related("person").order_by("grant", "pk"))
    for member in found:
        member.grant = by_pk[member.grant_id]
    return found


def taken(grant: Grant) -> int:
    """Return how many places are taken: members, and invitations that wait."""
    waiting = Q(state=MemberState.INVITED, invited_at__gt=now() - LIFETIME)
    return GrantMember.objects.filter(waiting | Q(state=MemberState.JOINED), grant=grant).count()


def named_and_not_invited(grant: Grant) -> list[Named]:
    """Return the colleagues whom the application names and whom nobody invited yet."""
    invited = {comparison_key(row.email) for row in GrantMember.objects.filter(grant=grant)}
    return [
        Named(named.name, named.email, is_elsewhere(grant, named.email))
        for named in members_of(grant.application)
        if comparison_key(named.email) not in invited
    ]


def is_elsewhere(grant: Grant, email: str) -> bool:
    """Return whether an address is of another domain than the holder's; a hint, never a verdict.

    The holder's are that of the application, and the one with which they sign in. Needs `grant.application`.
    """
    return not any(same_organization(own, email) for own in (grant.application.email, grant.holder.email) if own)
