"""What a steward sees of shared archives: what is handed out, what is being sealed, and who holds which generation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from agreements.catalog.models import Archive, Dataset, SealKind
from agreements.grants.models import DownloadOpened, Generation, GenerationState, Grant
from agreements.grants.shared import holders
from agreements.grants.shared.claims import UNDER_WAY


@dataclass(frozen=True, slots=True)
class Held:
    """A generation, to how many accesses it was handed, and how many people have it and have lost access since."""

    generation: Generation
    handed: int
    lost: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shared archive: what is handed out now, what comes next (being sealed, or failed), and what was before."""

    archive: Archive
    current: Held | None = None
    coming: Generation | None = None
    earlier: list[Held] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        """Whether something is being sealed, or is about to be: the first generation needs no asking."""
        return not self.has_failed if self.coming else self.current is None

    @property
    def has_failed(self) -> bool:
        return self.coming is not None and self.coming.state == GenerationState.FAILED

    @property
    def wants_the_next(self) -> bool:
        """Whether somebody who has lost access has what opens the present generation, and nothing is under way."""
        return self.current is not None and self.current.lost > 0 and self.coming is None

    @property
    def is_being_checked(self) -> bool:
        return self.coming is not None and self.coming.done == self.archive.sealed_size

    @property
    def done(self) -> int:
        """Bytes sealed so far, or read back so far once all are sealed."""
        if self.coming is None:
            return 0
        return self.coming.checked if self.is_being_checked else self.coming.done

    @property
    def percent(self) -> int:
        """How much is sealed, of a hundred, rounded down; reading it back is not counted."""
        return 100 * self.coming.done // max(1, self.archive.sealed_size) if self.coming else 0


def shared_archives(dataset: Dataset) -> QuerySet[Archive]:
    """Return the archives of a dataset that have a shared seal and were not withdrawn."""
    found = Archive.objects.filter(subset__dataset=dataset, seal=SealKind.SHARED, withdrawn_at=None)
    return found.select_related("subset").order_by("subset__position", "name", "-version")


def shelves(archives: Iterable[Archive]) -> list[Shelf]:
    """Return how each archive stands; the number of queries does not depend on how many there are."""
    listed = list(archives)
    found = Generation.objects.filter(archive__in=[archive.pk for archive in listed])
    generations = list(found.select_related("archive__subset__dataset"))
    handed = _handed(generations)
    lost = holders.lost(each for each in generations if each.state == GenerationState.READY)
    held = [Held(each, handed.get(each.pk, 0), lost.get(each.pk, 0)) for each in generations]
    return [_shelf(archive, [each for each in held if each.generation.archive_id == archive.pk]) for archive in listed]


def held_by(grant: Grant) -> list[Archive]:
    """Return the archives of whose present generation somebody under a grant was handed the object or the password."""
    ready = Generation.objects.filter(state=GenerationState.READY, archive__withdrawn_at=None)
    handed = set(DownloadOpened.objects.filter(grant=grant, generation__in=ready).values_list("generation", flat=True))
    shown = holders.shown_under(grant.reference)
    of_dataset = ready.filter(archive__subset__dataset=grant.dataset_id).select_related("archive__subset__dataset")
    found = [each for each in of_dataset if each.pk in handed or holders.place(each) in shown]
    return sorted((each.archive for each in found), key=lambda archive: archive.name)


def handed_under(grants: QuerySet[Any, Any], *, dataset: Dataset, present: bool = False) -> list[Archive]:
    """Return the archives of a dataset of which a generation, or its password, was handed out under any of the grants.

    With `present`, one that is handed out still. `grants` is a queryset of primary keys; the number of queries does not
    depend on how many there are.
    """
    generations = Generation.objects.filter(
        archive__subset__dataset=dataset, archive__withdrawn_at=None, ready_at__isnull=False
    ).select_related("archive__subset__dataset")
    if present:
        generations = generations.filter(state=GenerationState.READY)
    handed = set(
        DownloadOpened.objects.filter(grant__in=grants, generation__isnull=False).values_list("generation", flat=True)
    )
    shown = holders.shown_under_any(grants)
    found = {each.archive_id: each.archive for each in generations if each.pk in handed or holders.place(each) in shown}
    return sorted(found.values(), key=lambda archive: archive.name)


def _shelf(archive: Archive, held: list[Held]) -> Shelf:
    newest = sorted(held, key=lambda each: -each.generation.generation)
    under_way = (*UNDER_WAY, GenerationState.FAILED)
    return Shelf(
        archive=archive,
        current=next((each for each in newest if each.generation.state == GenerationState.READY), None),
        coming=next((each.generation for each in newest if each.generation.state in under_way), None),
        earlier=[
            each for each in newest if each.generation.state == GenerationState.RETIRED and each.generation.ready_at
        ],
    )


def _handed(generations: list[Generation]) -> dict[int, int]:
    rows = DownloadOpened.objects.filter(generation__in=[each.pk for each in generations]).values("generation")
    return {row["generation"]: row["n"] for row in rows.annotate(n=Count("grant", distinct=True)).order_by()}
