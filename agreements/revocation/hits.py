"""Whom a scope hits, and why each of them: what a steward reads before anything happens, and what then happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Subset, Terms
from agreements.core.domains import domains_of
from agreements.core.errors import NotPossible
from agreements.grants import places
from agreements.grants.grounds import has_clause
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState, TakenSubset
from agreements.grants.states import NOT_ENDED
from agreements.people.models import User
from agreements.revocation import parts
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.queries import suspensions_in_force
from agreements.revocation.scope import Scope, describe, in_domain, normal

_NAMED_AT_ONCE: Final = 500
"""Grants that a query names; of more, those of the whole dataset are asked for: always one query."""

# An expired access is revoked too: copies may still be there. It is suspended too: else it could be renewed.
REACHED: Final[Mapping[str, frozenset[GrantState]]] = {
    ProcedureAct.REVOKE: frozenset({GrantState.ACTIVE, GrantState.SUSPENDED, GrantState.EXPIRED}),
    ProcedureAct.SUSPEND: frozenset({GrantState.ACTIVE, GrantState.SUSPENDED, GrantState.EXPIRED}),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A grant that is hit, and why: all of it, a `subset` of it while it keeps others, or the part of one `member`.

    `people` are those who lose something by it: the holder first, then the members; or the member alone.
    """

    grant: Grant
    why: str
    subset: Subset | None = None
    member: GrantMember | None = None
    people: list[User] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.subset is None and self.member is None

    @property
    def is_expired(self) -> bool:
        """Return whether its time had run out: nothing can be downloaded, but copies may be there."""
        return self.grant.state == GrantState.EXPIRED


@dataclass(frozen=True, slots=True)
class Hits:
    """What a scope hits. `invitations` to members end too; `notes` say what is not hit though one might expect it."""

    grants: list[Hit]
    invitations: list[GrantMember] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.grants)

    @property
    def running(self) -> list[Hit]:
        return [hit for hit in self.grants if not hit.is_expired]

    @property
    def expired(self) -> list[Hit]:
        return [hit for hit in self.grants if hit.is_expired]

    @property
    def people(self) -> int:
        """Return how many people lose something."""
        return len({person.pk for hit in self.grants for person in hit.people})

    @property
    def pks(self) -> set[int]:
        """Return the keys of every grant that something is done to."""
        return {hit.grant.pk for hit in self.grants} | {invited.grant_id for invited in self.invitations}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause that can be cited."""

    id: str
    heading: str


def hit_by(scope: Scope, *, act: ProcedureAct) -> Hits:
    """Return what a scope hits now, in the order of the grants. Raises Invalid if it names nothing."""
    named = normal(scope)
    found = _of_subset(named, act) if named.kind == ScopeKind.SUBSET else _whole(named, act)
    shared, notes = _memberships(named, act, held={hit.grant.pk for hit in found})
    with_people = _with_people([*found, *shared], named)
    return Hits(
        sorted(with_people, key=lambda hit: hit.grant.pk), _invitations(named, act, with_people), parts.explain(notes)
    )


def of_grant(scope: Scope, grant: Grant) -> Hit | None:
    """Return how a suspension of this scope hits one grant, or None: what `hit_by` finds, for one that is new."""
    if scope.kind != ScopeKind.SUBSET:
        is_hit = Grant.objects.filter(_NAMED[scope.kind](scope), pk=grant.pk, dataset=scope.dataset).exists()
        return Hit(grant, _WHY[scope.kind](scope, grant), people=[grant.holder]) if is_hit else None
    covered = {subset.slug: subset for subset in grant.subsets.all()}
    subset = covered.get(scope.value)
    if subset is None:
        return None
    return Hit(
        grant,
        _("It covers %(subset)s.") % {"subset": subset.title},
        subset if len(covered) > 1 else None,
        people=[grant.holder],
    )


def keys_hit_by(scope: Scope, *, act: ProcedureAct) -> set[int]:
    """Return the keys of every grant that a scope may do something to now: those of `hit_by`, and perhaps more.

    For locking them before `hit_by` says exactly what is hit. Raises Invalid if it names nothing.
    """
    named = normal(scope)
    if named.kind == ScopeKind.SUBSET:
        found = {hit.grant.pk for hit in _of_subset(named, act)}
    else:
        found = set(_reached(named, act).filter(_NAMED[named.kind](named)).values_list("pk", flat=True))
    if act == ProcedureAct.REVOKE and named.kind in parts.NAMED:
        found.update(parts.joined(named, states=_with_parts(act)).values_list("grant", flat=True))
        found.update(parts.invited(named).values_list("grant", flat=True))
    return found


def check_any(found: Hits, scope: Scope) -> None:
    """Raise NotPossible, saying why, if nothing is hit."""
    if found.grants:
        return
    if scope.kind == ScopeKind.GRANT:
        grant = Grant.objects.get(dataset=scope.dataset, reference=normal(scope).value)
        words = _("Access %(reference)s is %(state)s: this can no longer be done.")
        raise NotPossible(words % {"reference": grant.reference, "state": grant.get_state_display()})
    if found.notes:
        what_then = _("Suspend the access that it belongs to, or end the membership for good.")
        raise NotPossible(" ".join([*found.notes, what_then]))
    words = _("There is nothing left to end here: %(scope)s.")
    raise NotPossible(words % {"scope": describe(scope)})


def clauses_for(found: Hits) -> list[Clause]:
    """Return the clauses that the terms of every grant that is hit have, headed as in the newest of these versions."""
    versions = sorted(_versions(found), key=lambda terms: (terms.effective_from, terms.pk))
    if not versions:
        return []
    newest = versions[-1]
    return [
        Clause(clause["id"], clause["heading"])
        for clause in newest.clauses
        if all(has_clause(terms, clause["id"]) for terms in versions)
    ]


def _versions(found: Hits) -> Iterable[Terms]:
    return {hit.grant.terms_id: hit.grant.terms for hit in found.grants}.values()


def _reached(scope: Scope, act: ProcedureAct) -> QuerySet[Grant]:
    rows = Grant.objects.filter(dataset=scope.dataset, state__in=REACHED[act])
    if act == ProcedureAct.SUSPEND:
        rows = rows.filter(closed_for="")  # what was closed for good opens no more
    # Ten thousand grants have few datasets and terms between them, and the terms are long: each is read once.
    return rows.select_related("holder", "application").prefetch_related("dataset", "terms").order_by("pk")


def _whole(scope: Scope, act: ProcedureAct) -> list[Hit]:
    return [
        Hit(grant, _WHY[scope.kind](scope, grant)) for grant in _reached(scope, act).filter(_NAMED[scope.kind](scope))
    ]


_NAMED: Final[Mapping[ScopeKind, Callable[[Scope], Q]]] = {
    ScopeKind.GRANT: lambda scope: Q(reference=scope.value),
    ScopeKind.PERSON: lambda scope: Q(holder__public_id=scope.value),
    ScopeKind.ORGANIZATION: lambda scope: Q(organization_key=scope.value),
    # Who has changed their address since keeps what they were given at the old one: it ends with that.
    ScopeKind.DOMAIN: lambda scope: (
        in_domain("holder__email", scope.value) | in_domain("application__email", scope.value)
    ),
    ScopeKind.SITE: lambda scope: Q(site_key=scope.value),
    ScopeKind.TERMS: lambda scope: Q(terms__version=scope.value),
    ScopeKind.DATASET: lambda _scope: Q(),
}


def _why_domain(scope: Scope, grant: Grant) -> str:
    if scope.value in domains_of(grant.holder.email):
        return _("The holder's address is %(email)s.") % {"email": grant.holder.email}
    return _("Applied for from %(email)s.") % {"email": grant.application.email}


_WHY: Final[Mapping[ScopeKind, Callable[[Scope, Grant], str]]] = {
    ScopeKind.GRANT: lambda _scope, _grant: _("This access is named."),
    ScopeKind.PERSON: lambda _scope, _grant: _("Their own access."),
    ScopeKind.ORGANIZATION: lambda _scope, grant: _("Given to “%(name)s”.") % {"name": grant.organization},
    ScopeKind.DOMAIN: _why_domain,
    ScopeKind.SITE: lambda _scope, grant: _("At %(site)s.") % {"site": places.site_words(grant.site)},
    ScopeKind.TERMS: lambda scope, _grant: _("Signed terms %(version)s.") % {"version": scope.value},
    ScopeKind.DATASET: lambda scope, _grant: _("Access to %(dataset)s.") % {"dataset": scope.dataset.title},
}


def _of_subset(scope: Scope, act: ProcedureAct) -> list[Hit]:
    """Return the grants that cover a subset: it is taken from those that keep another, the rest are hit whole.

    What a suspension took counts as kept, since it may be given back; revoking takes for good what it took.
    """
    subset = Subset.objects.get(dataset=scope.dataset, slug=scope.value)
    covered = _subsets_of(Grant.subsets.through.objects.filter(grant__dataset=scope.dataset))
    lent: dict[int, set[int]] = {}
    if act == ProcedureAct.REVOKE:
        running = suspensions_in_force(scope.dataset)
        lent = _subsets_of(TakenSubset.objects.filter(given_back_at=None, procedure__in=running.values("reference")))
    found = []
    for grant in _reached(scope, act):
        has, may_return = covered.get(grant.pk, set()), lent.get(grant.pk, set())
        if subset.pk not in has | may_return:
            continue
        if (has | may_return) - {subset.pk}:
            found.append(Hit(grant, _("Keeps its other subsets."), subset=subset))
        else:
            found.append(Hit(grant, _("Covers nothing but %(subset)s.") % {"subset": subset.title}))
    return found


def _subsets_of(rows: QuerySet[TakenSubset]) -> dict[int, set[int]]:
    """Return the keys of subsets by the keys of grants."""
    found: dict[int, set[int]] = {}
    for grant_pk, subset_pk in rows.values_list("grant_id", "subset_id"):
        found.setdefault(grant_pk, set()).add(subset_pk)
    return found


def _memberships(scope: Scope, act: ProcedureAct, *, held: set[int]) -> tuple[list[Hit], list[GrantMember]]:
    """Return the parts that people have under grants which are not hit themselves, and those that stay as they are."""
    if scope.kind not in parts.NAMED:
        return [], []
    members = [
        member
        for member in parts.with_grants(parts.joined(scope, states=_with_parts(act)))
        if member.grant_id not in held
    ]
    if act != ProcedureAct.REVOKE:
        return [], members
    return [_part(member) for member in members], []


def _with_parts(act: ProcedureAct) -> Iterable[GrantState]:
    # Of an expired access nobody uses anything: only an end for good reaches a part of it.
    return REACHED[act] if act == ProcedureAct.REVOKE else NOT_ENDED


def _part(member: GrantMember) -> Hit:
    names = {"email": member.email, "holder": member.grant.holder_name}
    return Hit(member.grant, _("%(email)s is a member of the access of %(holder)s.") % names, member=member)


def _invitations(scope: Scope, act: ProcedureAct, found: list[Hit]) -> list[GrantMember]:
    """Return the invitations that wait for a person, or at a domain, under grants that go on."""
    if act != ProcedureAct.REVOKE or scope.kind not in parts.NAMED:
        return []
    ending = {hit.grant.pk for hit in found if hit.is_whole}
    return [member for member in parts.with_grants(parts.invited(scope)) if member.grant_id not in ending]


def _with_people(found: list[Hit], scope: Scope) -> list[Hit]:
    members: dict[int, list[User]] = {}
    asked = {hit.grant.pk for hit in found if hit.member is None}
    rows = GrantMember.objects.filter(grant__dataset=scope.dataset, state=MemberState.JOINED, person__isnull=False)
    if len(asked) <= _NAMED_AT_ONCE:
        rows = rows.filter(grant__in=asked)
    for member in rows.select_related("person").order_by("grant", "pk"):
        if member.grant_id in asked and member.person is not None:
            members.setdefault(member.grant_id, []).append(member.person)
    return [replace(hit, people=_people_of(hit, members.get(hit.grant.pk, []))) for hit in found]


def _people_of(hit: Hit, members: list[User]) -> list[User]:
    if hit.member is None:
        return [hit.grant.holder, *members]
    return [hit.member.person] if hit.member.person is not None else []
