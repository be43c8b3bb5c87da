"""One row that both lock: who opens access to a dataset, and who ends it for many. Neither slips by the other.

Whoever ends access finds it by what it is at that moment; what is being opened just then cannot be found yet. Taken
before anything else is locked.
"""

from __future__ import annotations

from agreements.catalog.models import Dataset


def hold(dataset_pk: int) -> None:
    """Wait for whoever else holds the dataset, and hold it until the act ends. Rows that refer to it can be written."""
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset_pk)
