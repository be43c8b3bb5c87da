"""What a procedure names, within one dataset: a person, an organization, a subset; checked, and put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset, Subset, Terms
from agreements.core.domains import domain_of
from agreements.core.errors import Invalid
from agreements.grants import places
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState, TakenSubset
from agreements.people.models import User
from agreements.revocation.models import ScopeKind
from agreements.revocation.queries import suspensions_in_force


@dataclass(frozen=True, slots=True)
class Scope:
    """`value` says which one of its kind (see `ScopeKind`), within one dataset; empty for all of it."""

    dataset: Dataset
    kind: ScopeKind
    value: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a scope may have, in words, and how many grants not revoked it concerns."""

    value: str
    label: str
    grants: int


def normal(scope: Scope) -> Scope:
    """Return the scope with its value in the one form that is stored. Raises Invalid, with words, if it names nothing.

    An organization and a site may be given as people write them, a domain as an address or with an @ before it.
    """
    kind, value = ScopeKind(scope.kind), scope.value.strip()
    known = _NORMAL.get(kind)
    if known is not None:
        value = known(value)
    if not _NAMES_SOMETHING[kind](scope.dataset, value):
        words = {"dataset": scope.dataset.title, "value": scope.value.strip()}
        raise Invalid(str(_UNKNOWN[kind]()) % words, field="value")
    return Scope(scope.dataset, kind, value)


def describe(scope: Scope) -> str:
    """Return a scope in words for people: `organization “ETH Zürich”`. Raises Invalid if it names nothing."""
    known = normal(scope)
    return _WORDS[known.kind]() % {"dataset": known.dataset.title, "label": _label(known)}


def choices(dataset: Dataset, kind: ScopeKind) -> list[Choice]:
    """Return what a scope of this kind may name, what concerns most first; for a grant and a person: by name."""
    standing = Grant.objects.filter(dataset=dataset).exclude(state=GrantState.REVOKED).order_by("-pk")
    counted: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for value, label in _OFFERED[kind](dataset, standing):
        counted[value] += 1
        labels.setdefault(value, label)
    by_name = kind in {ScopeKind.GRANT, ScopeKind.PERSON}
    found = [Choice(value, labels[value], number) for value, number in counted.items()]
    return sorted(found, key=lambda choice: (0 if by_name else -choice.grants, choice.label.casefold()))


def person_of(value: str) -> User | None:
    """Return the person of a public id, or None."""
    try:
        return User.objects.filter(public_id=UUID(value)).first()
    except ValueError:
        return None


def in_domain(field: str, domain: str) -> Q:
    """Return the condition that an address is of a domain or of one below it."""
    return Q(**{f"{field}__iendswith": f"@{domain}"}) | Q(**{f"{field}__iendswith": f".{domain}"})


def _domain(text: str) -> str:
    return domain_of(f"x@{text.rpartition('@')[2].strip('.')}")


_NORMAL: Final[Mapping[ScopeKind, Callable[[str], str]]] = {
    ScopeKind.ORGANIZATION: places.organization_key,
    ScopeKind.DOMAIN: _domain,
    ScopeKind.GRANT: str.upper,
}


def _of(dataset: Dataset, **named: object) -> bool:
    return Grant.objects.filter(dataset=dataset, **named).exists()


def _concerns(dataset: Dataset, value: str) -> bool:
    person = person_of(value)
    if person is None:
        return False
    shared = GrantMember.objects.filter(grant__dataset=dataset, person=person)
    return _of(dataset, holder=person) or shared.exists()


def _is_domain(_dataset: Dataset, value: str) -> bool:
    # The last label alone would be a country.
    return "." in value and not any(sign.isspace() or sign in "/@%" for sign in value)


_NAMES_SOMETHING: Final[Mapping[ScopeKind, Callable[[Dataset, str], bool]]] = {
    ScopeKind.GRANT: lambda dataset, value: _of(dataset, reference=value),
    ScopeKind.PERSON: _concerns,
    ScopeKind.ORGANIZATION: lambda dataset, value: bool(value) and _of(dataset, organization_key=value),
    ScopeKind.DOMAIN: _is_domain,
    ScopeKind.SITE: lambda dataset, value: bool(value) and _of(dataset, site_key=value),
    ScopeKind.SUBSET: lambda dataset, value: Subset.objects.filter(dataset=dataset, slug=value).exists(),
    ScopeKind.TERMS: lambda dataset, value: Terms.objects.filter(dataset=dataset, version=value).exists(),
    ScopeKind.DATASET: lambda _dataset, value: not value,
}
_UNKNOWN: Final[Mapping[ScopeKind, Callable[[], str]]] = {
    ScopeKind.GRANT: lambda: _("%(dataset)s has no access %(value)s."),
    ScopeKind.PERSON: lambda: _("Nobody of this name has, or had, access to %(dataset)s."),
    ScopeKind.ORGANIZATION: lambda: _("Nobody at “%(value)s” was given access to %(dataset)s."),
    ScopeKind.DOMAIN: lambda: _("“%(value)s” is not a domain of one organization, such as ethz.ch."),
    ScopeKind.SITE: lambda: _("Nobody at the site “%(value)s” was given access to %(dataset)s."),
    ScopeKind.SUBSET: lambda: _("%(dataset)s has no subset “%(value)s”."),
    ScopeKind.TERMS: lambda: _("%(dataset)s has no terms of version “%(value)s”."),
    ScopeKind.DATASET: lambda: _("The whole dataset needs no further name."),
}
_WORDS: Final[Mapping[ScopeKind, Callable[[], str]]] = {
    ScopeKind.GRANT: lambda: _("access %(label)s"),
    ScopeKind.PERSON: lambda: _("%(label)s, own access and memberships"),
    ScopeKind.ORGANIZATION: lambda: _("organization “%(label)s”"),
    ScopeKind.DOMAIN: lambda: _("everybody with an address at %(label)s or below it"),
    ScopeKind.SITE: lambda: _("site “%(label)s”"),
    ScopeKind.SUBSET: lambda: _("subset %(label)s"),
    ScopeKind.TERMS: lambda: _("everybody who signed terms %(label)s"),
    ScopeKind.DATASET: lambda: _("all access to %(dataset)s"),
}


def _label(scope: Scope) -> str:
    """Return how people call what a scope names; the scope is one that `normal` returned."""
    newest = Grant.objects.filter(dataset=scope.dataset).order_by("-pk")
    if scope.kind == ScopeKind.PERSON:
        person = person_of(scope.value)
        assert person is not None, "normal() found them"
        return f"{person.name} ({person.email})" if person.name else person.email
    if scope.kind == ScopeKind.SUBSET:
        return Subset.objects.get(dataset=scope.dataset, slug=scope.value).title
    if scope.kind == ScopeKind.ORGANIZATION:
        return newest.filter(organization_key=scope.value).values_list("organization", flat=True)[0]
    if scope.kind == ScopeKind.SITE:
        return places.site_words(newest.filter(site_key=scope.value).values_list("site", flat=True)[0])
    if scope.kind == ScopeKind.GRANT:
        grant = newest.get(reference=scope.value)
        return f"{grant.reference} ({grant.holder_name})"
    return scope.value


_Offered = Callable[[Dataset, "QuerySet[Grant]"], list[tuple[str, str]]]


def _people(dataset: Dataset, standing: QuerySet[Grant]) -> list[tuple[str, str]]:
    held = standing.values_list("holder__public_id", "holder_name", "holder__email")
    shared = GrantMember.objects.filter(grant__in=standing.order_by(), state=MemberState.JOINED, person__isnull=False)
    rows = [*held, *shared.values_list("person__public_id", "person__name", "person__email")]
    return [(str(public_id), f"{name} ({email})" if name else email) for public_id, name, email in rows]


def _subsets(dataset: Dataset, standing: QuerySet[Grant]) -> list[tuple[str, str]]:
    """What a suspension took may be given back, and can be ended for good before."""
    had = standing.filter(subsets__isnull=False).values_list("subsets__slug", "subsets__title")
    lent = TakenSubset.objects.filter(
        grant__in=standing.order_by(),
        given_back_at=None,
        procedure__in=suspensions_in_force(dataset).values("reference"),
    )
    return [*had, *lent.order_by("pk").values_list("subset__slug", "subset__title")]


_OFFERED: Final[Mapping[ScopeKind, _Offered]] = {
    ScopeKind.GRANT: lambda _dataset, standing: [
        (reference, f"{reference} ({name})") for reference, name in standing.values_list("reference", "holder_name")
    ],
    ScopeKind.PERSON: _people,
    ScopeKind.ORGANIZATION: lambda _dataset, standing: list(standing.values_list("organization_key", "organization")),
    ScopeKind.DOMAIN: lambda _dataset, standing: [
        (domain_of(email), domain_of(email)) for email in standing.values_list("holder__email", flat=True)
    ],
    ScopeKind.SITE: lambda _dataset, standing: [
        (key, places.site_words(site)) for key, site in standing.values_list("site_key", "site")
    ],
    ScopeKind.SUBSET: _subsets,
    ScopeKind.TERMS: lambda _dataset, standing: [
        (version, version) for version in standing.values_list("terms__version", flat=True)
    ],
    ScopeKind.DATASET: lambda dataset, standing: [("", dataset.title) for _pk in standing.values_list("pk")],
}
