"""A registry of a few organizations, in the place of a dump that was imported."""

from __future__ import annotations

from collections.abc import Iterator

from agreements.identity import lists, registry
from agreements.identity.registry import RegistryMatch


def Organization(  # noqa: PLR0917 - a record in a test, most of it left out
    name: str,
    entry: str,
    types: tuple[str, ...] = ("education",),
    country: str = "FR",
    parents: tuple[str, ...] = (),
    registry_id: str = "012345678",
    from_website: bool = False,
) -> RegistryMatch:
    """An organization as `identity.registry` returns it for a domain."""
    return RegistryMatch(name, registry_id, types, country, parents, entry, from_website)


class Registry(registry.Registry):
    """Answers as the imported one does: the longest ending, and everything on it."""

    def __init__(self, *organizations: RegistryMatch) -> None:
        self.version = "2.9"
        self.organizations = organizations

    def matches(self, domain: str) -> list[RegistryMatch]:
        for suffix in lists.suffixes(domain):
            if found := [each for each in self.organizations if each.entry == suffix]:
                return found
        return []

    def domains(self) -> Iterator[str]:
        yield from {each.entry for each in self.organizations if not each.from_website}

    def family(self, registry_id: str) -> frozenset[str]:
        return frozenset({registry_id})
