"""What the property test of lives knows by itself: who was cut off from what, by which committed end.

It is kept apart from the product's tables on purpose: an end is noted from the scope that was named, not from what the
product says it reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from agreements.core.domains import domains_of
from agreements.grants.models import Grant
from agreements.revocation.models import ProcedureAct, ScopeKind

EVERYBODY: Final = ""
EVERYTHING: Final = ""


@dataclass(slots=True)
class Known:
    """An access as it was opened: its reference, its holder's id and address, where, under which terms."""

    reference: str
    holder: str
    email: str
    organization: str
    site: str
    terms: str
    pk: int


@dataclass(frozen=True, slots=True)
class End:
    """That a person (or everybody) lost a subset (or everything) of an access."""

    grant: str
    person: str = EVERYBODY
    subset: str = EVERYTHING

    def covers(self, grant: str, person: str, subset: str) -> bool:
        return self.grant == grant and self.person in {EVERYBODY, person} and self.subset in {EVERYTHING, subset}


@dataclass(slots=True)
class Model:
    """Ends for good, and pauses by the procedure that may be lifted."""

    grants: dict[str, Known] = field(default_factory=dict)
    ends: set[End] = field(default_factory=set)
    pauses: dict[str, set[End]] = field(default_factory=dict)

    def opened(self, grant: Grant) -> None:
        self.grants[grant.reference] = Known(
            reference=grant.reference,
            holder=str(grant.holder.public_id),
            email=grant.holder.email,
            organization=grant.organization_key,
            site=grant.site_key,
            terms=grant.terms.version,
            pk=grant.pk,
        )

    def begun(self, act: str, kind: str, value: str, *, procedure: str) -> None:
        """Note what a committed procedure must have ended, from its scope alone."""
        reached = set(self._reach(kind, value))
        if act == ProcedureAct.REVOKE:
            self.ends |= reached
        else:
            # A suspension leaves memberships under others' access as they are: it cannot pause them alone.
            self.pauses[procedure] = {end for end in reached if end.person == EVERYBODY}

    def lifted(self, procedure: str) -> None:
        self.pauses.pop(procedure, None)

    def removed(self, grant: str, person: str) -> None:
        self.ends.add(End(grant, person))

    def joined_again(self, grant: str, person: str) -> None:
        """Whoever is invited again and joins has a seal of their own anew; earlier links stay dead with theirs."""
        self.ends.discard(End(grant, person))

    def is_forbidden(self, grant: str, person: str, subset: str) -> bool:
        standing = [*self.ends, *(end for ends in self.pauses.values() for end in ends)]
        return any(end.covers(grant, person, subset) for end in standing)

    def _reach(self, kind: str, value: str) -> Iterator[End]:
        for grant in self.grants.values():
            if kind == ScopeKind.SUBSET:
                yield End(grant.reference, subset=value)
            elif self._is_named(grant, kind, value):
                yield End(grant.reference)
            elif kind == ScopeKind.PERSON:
                yield End(grant.reference, person=value)

    @staticmethod
    def _is_named(grant: Known, kind: str, value: str) -> bool:
        named = {
            ScopeKind.GRANT: grant.reference == value,
            ScopeKind.PERSON: grant.holder == value,
            ScopeKind.ORGANIZATION: grant.organization == value,
            ScopeKind.DOMAIN: value in domains_of(grant.email),
            ScopeKind.SITE: grant.site == value,
            ScopeKind.TERMS: grant.terms == value,
            ScopeKind.DATASET: True,
        }
        return named.get(ScopeKind(kind), False)
