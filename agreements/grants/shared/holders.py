"""Who has what opens a generation, its object or its password, and who of them has lost access since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from agreements.catalog.archives import ledger_name
from agreements.core.actors import person
from agreements.grants.models import DownloadOpened, Generation, Grant, GrantState, Seal
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerSubject

Places = dict[tuple[str, int, int], int]
"""The generation's key by what a row of the record says of it: archive, version, generation."""


def lost(generations: Iterable[Generation]) -> dict[int, int]:
    """Return how many people have a generation and no access to its subset any more, by the generation's key.

    They were handed its object or shown its password, and then revoked, removed, or left. Access that ran out counts
    as access: it ended as was agreed. The number of queries does not depend on how many generations there are.
    """
    listed = list(generations)
    subsets = {each.pk: each.archive.subset_id for each in listed}
    have = _handed(listed)
    for pk, people in _shown(listed).items():
        have.setdefault(pk, set()).update(people)
    standing = _standing(set(subsets.values()))
    return {pk: len(people - standing.get(subsets[pk], set())) for pk, people in have.items()}


def shown_under(reference: str) -> set[tuple[str, int, int]]:
    """Return what was shown under a grant: archive, version and generation, as the record names them."""
    return _shown_to(LedgerSubject.objects.filter(role="grant", reference=reference))


def shown_under_any(grants: QuerySet[Any, Any]) -> set[tuple[str, int, int]]:
    """Return the same for any of several grants, given by their primary keys."""
    references = Grant.objects.filter(pk__in=grants).values("reference")
    return _shown_to(LedgerSubject.objects.filter(role="grant", reference__in=references))


def _shown_to(named: QuerySet[LedgerSubject]) -> set[tuple[str, int, int]]:
    rows = LedgerEntry.objects.filter(kind=Kind.GENERATION_REVEALED, pk__in=named.values("entry"))
    places = rows.values_list("subjects__archive", "payload__version", "payload__generation")
    return set(places.order_by().distinct())


def place(generation: Generation) -> tuple[str, int, int]:
    """Return how the record names a generation. Needs `archive.subset.dataset`."""
    return ledger_name(generation.archive), generation.archive.version, generation.generation


def _handed(listed: list[Generation]) -> dict[int, set[str]]:
    opened = DownloadOpened.objects.filter(generation__in=[each.pk for each in listed], link__isnull=False)
    people = opened.values_list("generation", "link__seal__person", "link__seal__person__public_id")
    found: dict[int, set[str]] = {}
    for pk, person_pk, public_id in people.order_by().distinct():
        found.setdefault(pk, set()).add(person(public_id=public_id, pk=person_pk).id)
    return found


def _shown(listed: list[Generation]) -> dict[int, set[str]]:
    places: Places = {place(each): each.pk for each in listed}
    names = {name for name, _version, _generation in places}
    rows = LedgerEntry.objects.filter(
        kind=Kind.GENERATION_REVEALED,
        pk__in=LedgerSubject.objects.filter(role="archive", reference__in=names).values("entry"),
    )
    named = rows.values_list("actor", "subjects__archive", "payload__version", "payload__generation")
    found: dict[int, set[str]] = {}
    for actor, *where in named.order_by().distinct():
        pk = places.get((where[0], where[1], where[2]))
        if pk is not None:
            found.setdefault(pk, set()).add(actor)
    return found


def _standing(subset_pks: set[int]) -> dict[int, set[str]]:
    """Return who has access to each subset, as the record names people."""
    seals = Seal.objects.filter(ended_at=None, grant__subsets__in=subset_pks).exclude(grant__state=GrantState.REVOKED)
    people = seals.values_list("grant__subsets", "person", "person__public_id")
    found: dict[int, set[str]] = {}
    for subset_pk, person_pk, public_id in people.order_by().distinct():
        found.setdefault(subset_pk, set()).add(person(public_id=public_id, pk=person_pk).id)
    return found
