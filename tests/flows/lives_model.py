"""What the property test of lives knows by itself: who was cut off from what, by which committed end.

It is kept apart from the product's tables on purpose: an end is noted from the scope that was named, not from what the
product says it reached.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from agreements.core.domains import domains_of
from agreements.grants.models import Grant
from agreements.people.models import User
from agreements.revocation.models import ProcedureAct, ScopeKind

EVERYBODY: Final = ""
EVERYTHING: Final = ""


@dataclass(slots=True)
class Known:
    """An access as it was opened: its reference, its holder's id and address, where, under which terms, for what."""

    reference: str
    holder: str
    email: str
    organization: str
    site: str
    terms: str
    subsets: frozenset[str]
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    members: set[str] = field(default_factory=set)
    """Who has joined and not left, by the acts alone."""


@dataclass(frozen=True, slots=True)
class End:
    """That a person (or everybody) lost a subset (or everything) of an access."""

    grant: str
    person: str = EVERYBODY
    subset: str = EVERYTHING

    def covers(self, grant: str, person: str, subset: str) -> bool:
        return self.grant == grant and self.person in {EVERYBODY, person} and self.subset in {EVERYTHING, subset}


@dataclass(frozen=True, slots=True)
class Unwanted:
    """That the lab ended somebody's access; `through` is the holder under whose access they had it, if it ended too."""

    person: str
    at: dt.datetime
    through: str = ""


@dataclass(slots=True)
class Model:
    """Ends by the lab, ends by people themselves, pauses that may be lifted, and what is not open yet or any more."""

    people: dict[str, str]
    grants: dict[str, Known] = field(default_factory=dict)
    ends: set[End] = field(default_factory=set)
    partings: set[End] = field(default_factory=set)
    pauses: dict[str, set[End]] = field(default_factory=dict)
    unwanted: list[Unwanted] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    unconfirmed: set[str] = field(default_factory=set)
    is_withdrawn: bool = False

    @classmethod
    def of(cls, people: tuple[User, ...]) -> Model:
        return cls(people={str(person.public_id): person.email for person in people})

    def opened(self, grant: Grant) -> None:
        if grant.imported_at is not None:
            self.unconfirmed.add(grant.reference)
        self.grants[grant.reference] = Known(
            reference=grant.reference,
            holder=str(grant.holder.public_id),
            email=grant.holder.email,
            organization=grant.organization_key,
            site=grant.site_key,
            terms=grant.terms.version,
            subsets=frozenset(grant.subsets.values_list("slug", flat=True)),
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
        )

    def begun(self, act: str, kind: str, value: str, *, procedure: str, at: dt.datetime) -> None:
        """Note what a committed procedure must have ended, from its scope alone."""
        reached = set(self._reach(kind, value))
        if act != ProcedureAct.REVOKE:
            # A suspension leaves memberships under others' access as they are: it cannot pause them alone. What was
            # over by its time is not suspended, and may be renewed.
            paused = {end for end in reached if end.person == EVERYBODY and not self._is_over(end.grant, at)}
            self.pauses[procedure] = paused
            return
        before = {reference for reference in self.grants if self.is_ended(reference)}
        self.ends |= reached
        for grant in self.grants.values():
            if grant.reference not in before and self.is_ended(grant.reference):
                self.unwanted += [Unwanted(grant.holder, at)]
                self.unwanted += [Unwanted(member, at, through=grant.holder) for member in grant.members]
            elif grant.reference not in before:
                named = {end.person for end in reached if end.grant == grant.reference} & grant.members
                self.unwanted += [Unwanted(member, at) for member in named]
                grant.members -= named

    def lifted(self, procedure: str) -> None:
        self.pauses.pop(procedure, None)

    def removed(self, grant: str, person: str, *, at: dt.datetime, by_the_lab: bool) -> None:
        """Note that somebody's part ended alone: only what the lab ended keeps them from coming back."""
        self.partings.add(End(grant, person))
        self.grants[grant].members.discard(person)
        if by_the_lab:
            self.unwanted.append(Unwanted(person, at))

    def joined(self, grant: str, person: str) -> None:
        """Note it. Whoever was let in again has a seal of their own anew; earlier links stay dead with theirs."""
        self.partings.discard(End(grant, person))
        self.ends.discard(End(grant, person))
        self.grants[grant].members.add(person)

    def is_unwanted(self, person: str) -> bool:
        """Return whether the lab ended somebody's access and has granted them none of their own since.

        Who ended only with a holder to whom the lab has granted access anew may come back under it.
        """
        mine = [each for each in self.unwanted if each.person == person]
        return any(
            not self._has_since(person, each.at) and not (each.through and self._has_since(each.through, each.at))
            for each in mine
        )

    def is_known_unwanted(self, person: str) -> bool:
        """Return whether the lab ever ended an access of theirs, whatever it granted since."""
        return any(each.person == person for each in self.unwanted)

    def is_ended(self, grant: str) -> bool:
        """Return whether the lab ended all of an access: by name, or one subset after the other."""
        taken = {end.subset for end in self.ends if end.grant == grant and end.person == EVERYBODY}
        return EVERYTHING in taken or taken >= self.grants[grant].subsets

    def is_forbidden(self, grant: str, person: str, subset: str) -> bool:
        if self.is_withdrawn or grant in self.closed | self.unconfirmed or self.is_ended(grant):
            return True
        standing = [*self.ends, *self.partings, *(end for ends in self.pauses.values() for end in ends)]
        return any(end.covers(grant, person, subset) for end in standing)

    def _has_since(self, person: str, at: dt.datetime) -> bool:
        own = (grant for grant in self.grants.values() if grant.holder == person and grant.starts_at > at)
        return any(grant.reference not in self.closed and not self.is_ended(grant.reference) for grant in own)

    def _is_over(self, grant: str, at: dt.datetime) -> bool:
        ends = self.grants[grant].ends_at
        return ends is not None and ends <= at

    def _reach(self, kind: str, value: str) -> Iterator[End]:
        for grant in self.grants.values():
            if kind == ScopeKind.SUBSET:
                yield End(grant.reference, subset=value)
            elif self._is_named(grant, kind, value):
                yield End(grant.reference)
            elif kind == ScopeKind.PERSON:
                yield End(grant.reference, person=value)
            elif kind == ScopeKind.DOMAIN:
                hit = [person for person, email in self.people.items() if value in domains_of(email)]
                yield from (End(grant.reference, person=person) for person in hit)

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
