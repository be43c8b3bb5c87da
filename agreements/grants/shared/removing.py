"""Deleting from the delivery store what no generation hands out any more."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from django.db.models import QuerySet

from agreements.core.clock import now
from agreements.grants.models import Generation, GenerationState
from agreements.grants.shared import generations, sealing
from agreements.vault.protocol import OutOfReach

log = logging.getLogger(__name__)

KEPT: Final = dt.timedelta(days=3)
"""How long a retired object stays: a download of it that broke off is taken up again, not mixed with the next one's."""


def remove_retired() -> int:
    """Delete the objects of generations that were retired long enough ago; return how many. Safe to run twice."""
    generations.retire_withdrawn()
    removed = 0
    for generation in _due():
        try:
            sealing.discard(generation)
        except OutOfReach:
            log.warning("the object of generation %s could not be deleted yet", generation.pk)
            continue
        removed += Generation.objects.filter(pk=generation.pk, removed_at=None).update(removed_at=now(), upload="")
    return removed


def _due() -> QuerySet[Generation]:
    retired = Generation.objects.filter(state=GenerationState.RETIRED, removed_at=None, ended_at__lte=now() - KEPT)
    return retired.select_related("archive")[:100]
