"""Finding an organization of the loaded registry by what somebody typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Length, StrIndex

from agreements.identity import sources
from agreements.identity.folding import folded
from agreements.identity.models import RegisteredDomain, RegisteredOrganization

SHORTEST: Final = 3
"""Letters that are needed; two where they are not of an alphabet with many words for each, as 清华 is."""
LONGEST: Final = 200
MOST_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An organization as a field offers it; `country` is ISO 3166-1 alpha-2, "" where the registry does not say."""

    name: str
    country: str
    city: str
    registry_id: str
    domains: tuple[str, ...]


def complete(words: str, limit: int = 8) -> list[Suggestion]:
    """Return organizations in one of whose names each word begins a word; the best first. [] without a registry.

    First those of which it is a whole name, then those of which a name begins so, short names before long ones.
    """
    typed = folded(words[:LONGEST])
    load = sources.current(sources.REGISTRY) if _is_enough(typed) else None
    if load is None:
        return []
    found = RegisteredOrganization.objects.filter(load=load)
    for word in sorted(set(typed.split()[:MOST_WORDS]), key=len, reverse=True):
        found = found.annotate(at=StrIndex("search", Value(f" {word}"))).filter(at__gt=0)
    best = found.annotate(
        rank=Case(
            When(search__contains=f"\n {typed}\n", then=0),
            When(search__contains=f"\n {typed}", then=1),
            default=2,
            output_field=IntegerField(),
        )
    ).order_by("rank", Length("name"), "name", "registry_id")[:limit]
    rows = list(best.values_list("pk", "name", "country", "city", "registry_id"))
    domains: dict[int, list[str]] = {}
    of_these = RegisteredDomain.objects.filter(organization__in=[row[0] for row in rows])
    for pk, domain in of_these.order_by("from_website", "pk").values_list("organization", "domain"):
        domains.setdefault(pk, []).append(domain)
    return [
        Suggestion(name, country, city, registry_id, tuple(domains.get(pk, ())))
        for pk, name, country, city, registry_id in rows
    ]


def called(name: str) -> list[str]:
    """Return the registry ids of the organizations that have exactly this name, whatever its accents and case."""
    typed = folded(name[:LONGEST])
    load = sources.current(sources.REGISTRY) if typed else None
    if load is None:
        return []
    found = RegisteredOrganization.objects.filter(load=load).annotate(at=StrIndex("search", Value(f"\n {typed}\n")))
    return list(found.filter(at__gt=0).values_list("registry_id", flat=True)[:50])


def _is_enough(typed: str) -> bool:
    return len(typed) >= SHORTEST or (len(typed) == SHORTEST - 1 and not typed.isascii())
