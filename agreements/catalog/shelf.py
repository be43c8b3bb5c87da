"""Everything that was ever published of a dataset, as its desk shows it, and what could be published next."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.catalog.models import Access, Archive, Dataset, SealKind, Subset
from agreements.catalog.publishing.publish import checked_name, checked_seal
from agreements.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Book:
    """One version of an archive. `state` is the key of a badge: offered, earlier or withdrawn."""

    archive: Archive
    state: str

    @property
    def is_withdrawn(self) -> bool:
        return self.archive.withdrawn_at is not None


@dataclass(frozen=True, slots=True)
class Shelf:
    """A subset with its archives, by name and from the newest version down."""

    subset: Subset
    books: tuple[Book, ...]


def shelves(dataset: Dataset) -> list[Shelf]:
    """Return the subsets of a dataset in their order, each with all that was ever published of it."""
    found = Archive.objects.filter(subset__dataset=dataset).order_by("subset", "name", "-version")
    held: dict[int, list[Book]] = {}
    offered: set[tuple[int, str]] = set()
    for archive in found.select_related("subset"):
        key = (archive.subset_id, archive.name)
        state = "withdrawn" if archive.withdrawn_at else "earlier" if key in offered else "offered"
        if state == "offered":
            offered.add(key)
        held.setdefault(archive.subset_id, []).append(Book(archive, state))
    subsets = Subset.objects.filter(dataset=dataset).order_by("position", "pk")
    return [Shelf(subset, tuple(held.get(subset.pk, ()))) for subset in subsets]


def offered(dataset: Dataset) -> list[Archive]:
    """Return the newest standing version of each archive of a dataset."""
    return [book.archive for shelf in shelves(dataset) for book in shelf.books if book.state == "offered"]


def publishable_subsets(dataset: Dataset) -> list[Subset]:
    """Return the subsets of a dataset of which something can be published."""
    found = Subset.objects.filter(dataset=dataset).exclude(access=Access.ANNOUNCED)
    return list(found.select_related("dataset").order_by("position", "pk"))


def seals_for(subset: Subset) -> list[SealKind]:
    """Return the seals that an archive of this subset may have, the usual one first."""
    return [seal for seal in (SealKind.PERSONAL, SealKind.SHARED, SealKind.NONE) if _fits(subset, seal)]


def usual_name(subset: Subset, *, source: str) -> str:
    """Return the name under which a source is published unless somebody says otherwise.

    The source's own if an archive has it already; else that of the subset's only archive; else the subset's.
    """
    own = source if source.lower().endswith(".zip") else f"{source}.zip"
    names = set(Archive.objects.filter(subset=subset).values_list("name", flat=True))
    if own in names:
        return own
    return names.pop() if len(names) == 1 else checked_name(f"{subset.slug}.zip")


def _fits(subset: Subset, seal: SealKind) -> bool:
    try:
        return checked_seal(subset, seal) == seal
    except DomainError:
        return False
