"""What the public pages show of a dataset's subsets."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.catalog import archives, interest
from agreements.catalog.models import Access, Archive, Dataset, Subset


@dataclass(frozen=True, slots=True)
class ShownSubset:
    """A subset with its current archives. `state` is the key of a badge: open, agreement, announced, coming.

    `is_noted`: the viewer is to be told when it opens.
    """

    subset: Subset
    archives: tuple[Archive, ...]
    is_noted: bool = False

    @property
    def access(self) -> Access:
        return Access(self.subset.access)

    @property
    def is_open(self) -> bool:
        return self.access == Access.OPEN

    @property
    def is_by_agreement(self) -> bool:
        return self.access == Access.AGREEMENT

    @property
    def is_announced(self) -> bool:
        return self.access == Access.ANNOUNCED

    @property
    def state(self) -> str:
        """`coming`: its access is settled, but nothing is published yet."""
        if self.access != Access.ANNOUNCED and not self.archives:
            return "coming"
        return str(self.access)


def shown_subsets(dataset: Dataset, *, viewer_pk: int | None = None) -> list[ShownSubset]:
    """Return the subsets in the order of the dataset's file, for anyone to see."""
    found = Subset.objects.filter(dataset=dataset).order_by("position")
    noted = interest.noted_by(viewer_pk, dataset)
    return [ShownSubset(subset, tuple(archives.current(subset)), subset.pk in noted) for subset in found]


def takes_applications(dataset: Dataset) -> bool:
    """Tell whether there is anything to apply for: a subset by agreement, of a dataset not withdrawn."""
    by_agreement = Subset.objects.filter(dataset=dataset, access=Access.AGREEMENT)
    return dataset.withdrawn_at is None and by_agreement.exists()
