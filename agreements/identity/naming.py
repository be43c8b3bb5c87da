"""Names out of the registry, to compare the organization in a form with: looked up before an address is assessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from agreements.identity.completion import called
from agreements.identity.models import RegisteredDomain, RegisteredOrganization
from agreements.identity.organizations import PARTS
from agreements.identity.sources import REGISTRY, current
from agreements.identity.tiers import Registered

# Of a domain with more organizations than this, the names of the first alone are compared.
MOST: Final = 200
_MOST_PARTS: Final = 4
_ARTICLE: Final = re.compile(r"^\s*the\s+", re.IGNORECASE)
_MOST_DOMAINS: Final = 3


class Families(Protocol):
    """What is needed of the registry here."""

    def matches(self, domain: str) -> Sequence[Registered]: ...
    def family(self, registry_id: str) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Naming:
    """What the registry says about the organization that a form names.

    `names`: all names, by id, of the organizations behind the domain and of what they are part of. `elsewhere`: the
    organizations that have just the form's name and are not among those, each with its domains.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_kin: bool = False
    elsewhere: tuple[str, ...] = ()


def naming_of(organization: str, *, domain: str, registry: Families | None) -> Naming:
    """Return what the loaded registry says, after at most six small questions to the database."""
    if registry is None:
        return Naming()
    behind = [match.registry_id for match in registry.matches(domain)[:MOST]]
    above = _families(registry, behind)
    parts = dict.fromkeys(_ARTICLE.sub("", part) for part in (organization, *re.split(PARTS, organization)))
    ids = {each for part in [*parts][:_MOST_PARTS] if part.strip() for each in called(part)}
    # Of the organization of the domain, part of it, or what it is part of.
    is_kin = bool(ids & above) or bool(_families(registry, ids) & set(behind))
    return Naming(_names(above), is_kin, () if is_kin else tuple(_with_domains(ids)))


def _families(registry: Families, ids: Iterable[str]) -> set[str]:
    return {each for one in ids for each in registry.family(one)}


def _names(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    rows = RegisteredOrganization.objects.filter(load=current(REGISTRY), registry_id__in=sorted(ids)[: 2 * MOST])
    return {registry_id: tuple(names) for registry_id, names in rows.values_list("registry_id", "names")}


def _with_domains(ids: Iterable[str]) -> list[str]:
    rows = RegisteredDomain.objects.filter(load=current(REGISTRY), organization__registry_id__in=sorted(ids)[:MOST])
    found: dict[str, list[str]] = {}
    for name, domain in rows.order_by("from_website", "pk").values_list("organization__name", "domain"):
        found.setdefault(name, []).append(domain)
    return [f"{name} ({', '.join(domains[:_MOST_DOMAINS])})" for name, domains in sorted(found.items())]
