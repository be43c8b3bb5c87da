"""Which archives a grant opens: current, sealed, of a subset that it covers; and older versions that it was given."""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from agreements.catalog.models import Access, Archive, SealKind, Subset
from agreements.grants.models import Grant, Link

_SEALED: Final = (SealKind.PERSONAL, SealKind.SHARED)


def deliverable(grant: Grant) -> QuerySet[Archive]:
    """Return the archives that links are made for: of each name the newest version that was not withdrawn.

    A version to which the grant has had a link stays, newest or not: a new version takes nothing from anybody.
    """
    standing = Archive.objects.filter(withdrawn_at=None)
    newer = standing.filter(subset=OuterRef("subset"), name=OuterRef("name"), version__gt=OuterRef("version"))
    given = Link.objects.filter(grant=grant, archive=OuterRef("pk"))
    covered = standing.filter(subset__in=grant.subsets.values("pk"), seal__in=_SEALED)
    found = covered.filter(~Exists(newer) | Exists(given)).select_related("subset__dataset")
    return found.order_by("subset__position", "name", "-version")


def is_published(subset: Subset) -> bool:
    """Return whether there is anything of a subset that links can be made for."""
    sealed = Archive.objects.filter(subset=subset, withdrawn_at=None, seal__in=_SEALED)
    return sealed.exists()


def withdrawn_from(grant: Grant, *, person_pk: int) -> QuerySet[Archive]:
    """Return the archives that were withdrawn and to which a person has had links under a grant."""
    given = Link.objects.filter(grant=grant, seal__person_id=person_pk, archive=OuterRef("pk"))
    found = Archive.objects.filter(Exists(given), subset__in=grant.subsets.values("pk"), withdrawn_at__isnull=False)
    return found.order_by("subset__position", "name", "-version")


def subsets_by_agreement(grant: Grant) -> QuerySet[Subset]:
    """Return the subsets of the grant's dataset that an agreement opens."""
    return Subset.objects.filter(dataset_id=grant.dataset_id, access=Access.AGREEMENT)
