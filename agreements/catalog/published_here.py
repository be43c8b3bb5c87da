"""Which versions of the terms were published on the desk: their files stand in no folder unless somebody puts them."""

from __future__ import annotations

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Standing
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry


def published_here(dataset: Dataset) -> list[str]:
    """Return the versions that a steward published on the desk, the oldest first; the record says which they are."""
    rows = LedgerEntry.objects.filter(kind=Kind.TERMS_PUBLISHED, subjects__dataset=dataset.slug, role=Standing.STEWARD)
    return [str(version) for version in rows.order_by("sequence").values_list("payload__version", flat=True)]
