"""Which archives a grant opens: current, personally sealed, of a subset that it covers."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from agreements.catalog.models import Access, Archive, SealKind, Subset
from agreements.grants.models import Grant


def deliverable(grant: Grant) -> QuerySet[Archive]:
    """Return the archives that links are made for: of each name the newest version that was not withdrawn."""
    standing = Archive.objects.filter(withdrawn_at=None)
    newer = standing.filter(subset=OuterRef("subset"), name=OuterRef("name"), version__gt=OuterRef("version"))
    covered = standing.filter(subset__in=grant.subsets.values("pk"), seal=SealKind.PERSONAL)
    return covered.exclude(Exists(newer)).select_related("subset__dataset").order_by("subset__position", "name")


def subsets_by_agreement(grant: Grant) -> QuerySet[Subset]:
    """Return the subsets of the grant's dataset that an agreement opens."""
    return Subset.objects.filter(dataset_id=grant.dataset_id, access=Access.AGREEMENT)
