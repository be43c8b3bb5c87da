"""Who is at a generation: one worker at a time, for as long as it says so, and how a try that failed is kept."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from agreements.core.clock import now
from agreements.grants.models import Generation, GenerationState

LEASE: Final = dt.timedelta(minutes=3)
"""Longer than any single step (a part written, an upload completed); after that a dead worker's work is taken up."""
RENEWED_EVERY: Final = 10.0
"""Seconds."""
MOST_ATTEMPTS: Final = 8
"""Tries in a row that stored nothing. With the pauses between them they outlast an outage of two hours."""
FIRST_PAUSE: Final = dt.timedelta(minutes=1)
"""Before the second try; doubled for each further one."""

UNDER_WAY: Final = (GenerationState.WAITING, GenerationState.SEALING)


class LostClaim(Exception):
    """Another worker is at it: this one was silent for too long, or somebody withdrew the archive."""


class Claim:
    """The right to work on one generation. Every write of progress asks whether it still stands."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self._renewed = time.monotonic()

    def renew(self, **changes: Any) -> None:
        """Write progress and prolong the claim. Raises LostClaim."""
        self._write(claimed_until=now() + LEASE, **changes)
        self._renewed = time.monotonic()

    def keep(self, **changes: Any) -> None:
        """Renew now and then: to be called at every small step."""
        if time.monotonic() - self._renewed >= RENEWED_EVERY:
            self.renew(**changes)

    def release(self) -> None:
        """Let another worker, or this one, go on. Raises LostClaim."""
        self._write(claimed_until=None)

    def give_up(self, trouble: str, *, for_good: bool = False) -> None:
        """Note what went wrong, in words for a steward, and try again later unless it was tried often enough."""
        generation = self.generation
        failed = for_good or generation.attempts >= MOST_ATTEMPTS
        self._write(
            claimed_until=None,
            trouble=trouble,
            state=GenerationState.FAILED if failed else GenerationState.WAITING,
            due_at=now() + FIRST_PAUSE * 2 ** max(generation.attempts - 1, 0),
        )

    def still_held(self) -> QuerySet[Generation]:
        """Return the generation's row if the claim stands, else nothing."""
        return Generation.objects.filter(
            pk=self.generation.pk, state=GenerationState.SEALING, claimed_until=self.generation.claimed_until
        )

    def _write(self, **changes: Any) -> None:
        if not self.still_held().update(**changes):
            raise LostClaim
        for name, value in changes.items():
            setattr(self.generation, name, value)


def take() -> Claim | None:
    """Claim what is due, or return None: nothing is, or another worker is sealing.

    One at a time: sealing takes a process of the worker for minutes, and mail must not wait behind two of them.
    """
    with transaction.atomic():
        if Generation.objects.filter(state=GenerationState.SEALING, claimed_until__gt=now()).exists():
            return None
        for pk in _due().order_by("due_at", "pk").values_list("pk", flat=True)[:10]:
            if (claim := take_one(pk)) is not None:
                return claim
    return None


def take_one(generation_pk: int) -> Claim | None:
    """Claim one generation that is due, or return None. Of two workers one gets it."""
    until = now() + LEASE
    mine = {"state": GenerationState.SEALING, "claimed_until": until, "attempts": F("attempts") + 1}
    if not _due().filter(pk=generation_pk).update(**mine):
        return None
    row = Generation.objects.select_related("archive__subset__dataset", "asked_by").get(pk=generation_pk)
    return Claim(row)


def _due() -> QuerySet[Generation]:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now())
    wanted = Q(state__in=UNDER_WAY, due_at__lte=now(), archive__withdrawn_at=None)
    return Generation.objects.filter(wanted, free)
