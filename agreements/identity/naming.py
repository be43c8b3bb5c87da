"""Names out of the registry, to compare the organization in a form with: looked up before an address is assessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from agreements.identity.completion import called
from agreements.identity.models import RegisteredDomain, RegisteredOrganization
from agreements.identity.organizations import first_parts_of
from agreements.identity.registry import Registry
from agreements.identity.sources import REGISTRY, current

# Of a domain with more organizations than this, the names of the first alone are compared.
MOST: Final = 200
_MOST_DOMAINS: Final = 3


@dataclass(frozen=True, slots=True)
class Known:
    """An organization that something knows at other domains than the one in question; `source` with its version."""

    name: str
    domains: tuple[str, ...]
    source: str

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.domains)})"


@dataclass(frozen=True, slots=True)
class Naming:
    """What the registry says about the organization that a form names.

    `names`: all names, by id, of the organizations behind the domain and of what they are part of. `elsewhere`: the
    organizations that have just the form's name, or that of a part of it, and are not among those. With `is_kin` only
    those that a part names and no other organization is called so.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_kin: bool = False
    elsewhere: tuple[Known, ...] = ()


def naming_of(organization: str, *, domain: str, registry: Registry | None) -> Naming:
    """Return what the loaded registry says, after at most six small questions to the database."""
    if registry is None:
        return Naming()
    behind = [match.registry_id for match in registry.matches(domain)[:MOST]]
    above = _families(registry, behind)
    by_part = [frozenset(called(part)) for part in first_parts_of(organization)]
    ids = frozenset[str]().union(*by_part)
    # Of the organization of the domain, part of it, or what it is part of.
    is_kin = bool(ids & above) or bool(_families(registry, ids) & set(behind))
    if is_kin:
        # "Institute of Physics" is what many are called; who else shares a roof with the domain's is no stranger.
        alone = {each for part in by_part if len(part) == 1 for each in part}
        ids = frozenset(each for each in alone if not registry.family(each) & above)
    return Naming(_names(above), is_kin, tuple(_with_domains(ids, registry.source)))


def _families(registry: Registry, ids: Iterable[str]) -> set[str]:
    return {each for one in ids for each in registry.family(one)}


def _names(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    rows = RegisteredOrganization.objects.filter(load=current(REGISTRY), registry_id__in=sorted(ids)[: 2 * MOST])
    return {registry_id: tuple(names) for registry_id, names in rows.values_list("registry_id", "names")}


def _with_domains(ids: Iterable[str], source: str) -> list[Known]:
    rows = RegisteredDomain.objects.filter(load=current(REGISTRY), organization__registry_id__in=sorted(ids)[:MOST])
    found: dict[str, list[str]] = {}
    for name, domain in rows.order_by("from_website", "pk").values_list("organization__name", "domain"):
        found.setdefault(name, []).append(domain)
    return [Known(name, tuple(domains[:_MOST_DOMAINS]), source) for name, domains in sorted(found.items())]
