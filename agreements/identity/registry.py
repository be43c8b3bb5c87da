"""Whose domain is this, as the loaded registry of organizations says. Held in memory: no address waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern
from typing import Final, NamedTuple

from agreements.identity import lists, sources
from agreements.identity.models import RegisteredDomain, RegisteredOrganization, SourceLoad

FAMILY_DEPTH: Final = 8
"""How far up parents are followed; the deepest chain of ROR has six."""
_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class RegistryMatch:
    """An organization whose domain an address is under.

    `entry` is that domain; with `from_website` it is only the host of its website, which says less. `types` are ROR's:
    education, healthcare, company, archive, nonprofit, government, facility, funder, other. `parents` are names.
    """

    name: str
    registry_id: str
    types: tuple[str, ...]
    country: str
    parents: tuple[str, ...]
    entry: str
    from_website: bool


class _Organization(NamedTuple):
    name: str
    registry_id: str
    types: tuple[str, ...]
    country: str
    parents: tuple[str, ...]


class Registry:
    """One load, whole. Look-ups walk from the whole domain towards its suffix; the longest entry decides."""

    def __init__(self, load: SourceLoad) -> None:
        self.version = load.version
        self._organizations = {each.registry_id: each for each in _organizations(load)}
        # Nearly all domains have one organization: a tuple only where there are several.
        self._own: dict[str, str | tuple[str, ...]] = {}
        self._websites: dict[str, str | tuple[str, ...]] = {}
        for domain, registry_id, from_website in _domains(load):
            table = self._websites if from_website else self._own
            # The same id as the organization has, not an equal one beside it.
            known = self._organizations[registry_id].registry_id
            table[domain] = (*_several(table[domain]), known) if domain in table else known

    @property
    def source(self) -> str:
        """Return what evidence names as its source: the registry with its version."""
        return f"{sources.REGISTRY.upper()} {self.version}"

    def matches(self, domain: str) -> list[RegistryMatch]:
        """Return the organizations of the longest entry that a domain (ASCII form) is under; [] if there is none.

        Organizations whose own domain it is come before those that have only their website there.
        """
        for entry in lists.suffixes(domain):
            found = [(each, False) for each in _several(self._own.get(entry, ()))]
            named = {each for each, _ in found}
            found += [(each, True) for each in _several(self._websites.get(entry, ())) if each not in named]
            if found:
                return [self._match(registry_id, entry, from_website) for registry_id, from_website in found]
        return []

    def domains(self) -> Iterator[str]:
        """Yield every domain that an organization has of its own, without those that are only a website's host."""
        yield from self._own

    def family(self, registry_id: str) -> frozenset[str]:
        """Return the ids of an organization and of all that it is part of; empty for one that is not there."""
        found: set[str] = set()
        waiting = {registry_id}
        for _ in range(FAMILY_DEPTH):
            found |= waiting & self._organizations.keys()
            waiting = {parent for each in waiting & self._organizations.keys() for parent in self._up(each)} - found
        return frozenset(found)

    def _up(self, registry_id: str) -> tuple[str, ...]:
        return self._organizations[registry_id].parents

    def _match(self, registry_id: str, entry: str, from_website: bool) -> RegistryMatch:
        its = self._organizations[registry_id]
        parents = tuple(self._organizations[each].name for each in its.parents if each in self._organizations)
        return RegistryMatch(its.name, registry_id, its.types, its.country, parents, entry, from_website)


_lock = threading.Lock()
_held: dict[tuple[object, ...], Registry] = {}


def load() -> Registry | None:
    """Return the registry that counts, or None if none was ever loaded.

    Asks the database each time which one that is; the first call in a process, and the first after another was
    loaded, reads it whole (docs/operations.md says how long that takes and how much memory it needs).
    """
    counts = SourceLoad.objects.filter(source=sources.REGISTRY, replaced_at=None)
    key = counts.values_list("pk", "sha256", "loaded_at").first()
    if key is None:
        return None
    if (found := _held.get(key)) is not None:
        return found
    with _lock:
        if key not in _held:
            read = Registry(SourceLoad.objects.defer("tables").get(pk=key[0]))
            _held.clear()
            _held[key] = read
        return _held[key]


def _organizations(load: SourceLoad) -> Iterator[_Organization]:
    rows = RegisteredOrganization.objects.filter(load=load).values_list(
        "name", "registry_id", "types", "country", "parents"
    )
    kinds: dict[tuple[str, ...], tuple[str, ...]] = {}  # a few dozen for all: one object each
    for name, registry_id, types, country, parents in rows.iterator(chunk_size=_AT_ONCE):
        kind = tuple(types)
        yield _Organization(name, registry_id, kinds.setdefault(kind, kind), intern(country), tuple(parents))


def _domains(load: SourceLoad) -> Iterator[tuple[str, str, bool]]:
    rows = RegisteredDomain.objects.filter(load=load).order_by("pk")
    yield from rows.values_list("domain", "organization__registry_id", "from_website").iterator(chunk_size=_AT_ONCE)


def _several(found: str | tuple[str, ...]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else found
