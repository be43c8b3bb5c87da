"""What a steward sees of shared archives: what is handed out, what is being sealed, and who holds which generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from agreements.catalog.models import Archive, Dataset, SealKind
from agreements.grants.models import DownloadOpened, Generation, GenerationState, Grant, GrantState
from agreements.grants.shared.claims import UNDER_WAY


@dataclass(frozen=True, slots=True)
class Held:
    """A generation, to how many accesses it was handed, and how many of these were revoked since."""

    generation: Generation
    handed: int
    revoked: int


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
        """Whether somebody whose access was revoked holds what is handed out now, and nothing is under way."""
        return self.current is not None and self.current.revoked > 0 and self.coming is None

    @property
    def is_being_checked(self) -> bool:
        return self.coming is not None and self.coming.done == self.archive.sealed_size

    @property
    def done(self) -> int:
        """Bytes sealed so far, or read back so far once all are sealed."""
        if self.coming is None:
            return 0
        return self.coming.checked if self.is_being_checked else self.coming.done


def shared_archives(dataset: Dataset) -> QuerySet[Archive]:
    """Return the archives of a dataset that have a shared seal and were not withdrawn."""
    found = Archive.objects.filter(subset__dataset=dataset, seal=SealKind.SHARED, withdrawn_at=None)
    return found.select_related("subset").order_by("subset__position", "name", "-version")


def shelves(archives: Iterable[Archive]) -> list[Shelf]:
    """Return how each archive stands; the number of queries does not depend on how many there are."""
    listed = list(archives)
    generations = list(Generation.objects.filter(archive__in=[archive.pk for archive in listed]))
    counts = _counts(generations)
    return [_shelf(archive, [g for g in generations if g.archive_id == archive.pk], counts) for archive in listed]


def held_by(grant: Grant) -> list[Archive]:
    """Return the archives of which a grant was handed the generation that is handed out now."""
    ready = Generation.objects.filter(state=GenerationState.READY, archive__withdrawn_at=None)
    handed = DownloadOpened.objects.filter(grant=grant, generation__in=ready.values("pk"))
    return list(Archive.objects.filter(pk__in=handed.values("archive_id")).order_by("name"))


def _shelf(archive: Archive, generations: list[Generation], counts: Mapping[int, tuple[int, int]]) -> Shelf:
    held = {each.pk: Held(each, *counts.get(each.pk, (0, 0))) for each in generations}
    by_number = sorted(generations, key=lambda each: -each.generation)
    return Shelf(
        archive=archive,
        current=next((held[g.pk] for g in by_number if g.state == GenerationState.READY), None),
        coming=next((g for g in by_number if g.state in (*UNDER_WAY, GenerationState.FAILED)), None),
        earlier=[held[g.pk] for g in by_number if g.state == GenerationState.RETIRED and g.ready_at],
    )


def _counts(generations: list[Generation]) -> dict[int, tuple[int, int]]:
    revoked = Count("grant", distinct=True, filter=Q(grant__state=GrantState.REVOKED))
    rows = DownloadOpened.objects.filter(generation__in=[each.pk for each in generations]).values("generation")
    counted = rows.annotate(handed=Count("grant", distinct=True), revoked=revoked)
    return {row["generation"]: (row["handed"], row["revoked"]) for row in counted.order_by()}
