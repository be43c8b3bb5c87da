"""Which running applications would come out in another tier under other lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agreements.applications.models import Application
from agreements.applications.states import RUNNING
from agreements.core.addresses import parse
from agreements.core.domains import domain_of
from agreements.core.erased import is_erased
from agreements.core.errors import Invalid
from agreements.identity.evidence import gather
from agreements.identity.lists import Lists
from agreements.identity.registry import Registry
from agreements.identity.rules import Rule, rules_for
from agreements.identity.tiers import Tier, tier_of


@dataclass(frozen=True, slots=True)
class TierChange:
    """One application whose address is seen otherwise. Its frozen evidence stays; only a new run would say so."""

    reference: str
    domain: str
    before: Tier
    after: Tier


def between(before: Lists, after: Lists, *, registry: Registry | None = None) -> Iterator[TierChange]:
    """Yield the running applications that change, the oldest first, each under its dataset's rules."""
    rules: dict[int, tuple[Rule, ...]] = {}
    running = Application.objects.filter(state__in=RUNNING).select_related("dataset").order_by("pk")
    for application in running.iterator(chunk_size=1_000):
        if application.dataset_id not in rules:
            rules[application.dataset_id] = rules_for(application.dataset)
        in_force = rules[application.dataset_id]
        old, new = (_tier(application.email, in_force, tables, registry) for tables in (before, after))
        if old != new:
            yield TierChange(application.reference, domain_of(application.email), old, new)


def _tier(email: str, rules: tuple[Rule, ...], tables: Lists, registry: Registry | None) -> Tier:
    if is_erased(email):
        return Tier.UNKNOWN
    try:
        return tier_of(gather(parse(email), rules, registry=registry, tables=tables))
    except Invalid:
        return Tier.BLOCKED
