"""How much mail that came in waits to be looked at, for the pages that lead to it."""

from __future__ import annotations

from agreements.catalog.models import Dataset
from agreements.core.actors import Actor
from agreements.flows.mailbox import looking


def of_all(by: Actor) -> int:
    """Return how many messages wait that somebody may read."""
    return looking.unseen(looking.visible_to(by)).count()


def of_no_dataset(by: Actor) -> int:
    """Return how many wait that fit no dataset; 0 for who may not read those."""
    if not looking.may_read_the_rest(by):
        return 0
    return looking.unseen(looking.visible_to(by)).exclude(dataset_slug__in=Dataset.objects.values("slug")).count()
