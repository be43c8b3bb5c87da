"""What a scope names under the grants of others: memberships of people, and invitations that wait for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import ngettext

from agreements.core.addresses import same_mailbox_pattern
from agreements.grants.models import GrantMember, GrantState, MemberState
from agreements.revocation.models import ScopeKind
from agreements.revocation.scope import Scope, in_domain, person_of

NAMED: Final[Mapping[ScopeKind, Callable[[Scope], Q]]] = {
    ScopeKind.PERSON: lambda scope: Q(person__public_id=scope.value),
    ScopeKind.DOMAIN: lambda scope: in_domain("person__email", scope.value) | in_domain("email", scope.value),
}


def joined(scope: Scope, *, states: Iterable[GrantState]) -> QuerySet[GrantMember]:
    """Return the memberships that a scope names, under grants that are hit themselves as well."""
    rows = GrantMember.objects.filter(NAMED[scope.kind](scope), state=MemberState.JOINED, person__isnull=False)
    return rows.filter(grant__dataset=scope.dataset, grant__state__in=list(states))


def with_grants(rows: QuerySet[GrantMember]) -> QuerySet[GrantMember]:
    """Return the same with what is read of their grants, in the order of these."""
    related = rows.select_related("person", "grant__holder", "grant__application")
    return related.prefetch_related("grant__dataset", "grant__terms").order_by("grant", "pk")


def invited(scope: Scope) -> QuerySet[GrantMember]:
    """Return the invitations that wait for a person, or at a domain."""
    if scope.kind == ScopeKind.PERSON:
        person = person_of(scope.value)
        condition = Q(email__iregex=same_mailbox_pattern(person.email)) if person else Q(pk=None)
    else:
        condition = in_domain("email", scope.value)
    rows = GrantMember.objects.filter(condition, state=MemberState.INVITED, grant__dataset=scope.dataset)
    return rows.exclude(grant__state=GrantState.REVOKED)


def explain(staying: list[GrantMember]) -> list[str]:
    """Return why memberships that one might expect to be hit are not, if there are any."""
    if not staying:
        return []
    words = ngettext(
        "A membership cannot be suspended by itself: %(people)s goes on under the access of a colleague.",
        "Memberships cannot be suspended by themselves: %(people)s go on under the access of colleagues.",
        len(staying),
    )
    named = [f"{member.email} ({member.grant.reference})" for member in staying]
    return [words % {"people": ", ".join(named)}]
