"""Following an end up: reminders before and after the date, then the stewards are told. Safe to run twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from agreements.catalog.models import Dataset, Role
from agreements.catalog.roles import holders
from agreements.core import actors
from agreements.core.clock import now, today
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.revocation import certifying, messages, queries
from agreements.revocation.models import Destruction, DestructionState

# Days before (negative) or after the due date: once ahead, then thrice, a week apart.
REMINDERS: Final = (-3, 1, 8, 15)
ESCALATE_AFTER: Final = 7
_BATCH: Final = 100
_JOB: Final = actors.job("following up")


def follow_up() -> tuple[int, int]:
    """Remind people and tell stewards, as today asks for; return how many were reminded, and how many became overdue.

    Who was reminded late, since nothing ran, is reminded once and not for every date that went by.
    """
    return remind_due(), escalate_due()


def remind_due() -> int:
    """Queue a reminder for everybody who owes something and whose next reminder's day has come; return how many."""
    owed = Destruction.objects.filter(
        state=DestructionState.DUE,
        reminders__lt=len(REMINDERS),
        due_on__lte=today() - dt.timedelta(days=REMINDERS[0]),
        person__is_active=True,
        person__erased_at=None,
    )
    waiting = list(owed.order_by("pk").values_list("pk", flat=True))
    return sum(_remind(waiting[at : at + _BATCH]) for at in range(0, len(waiting), _BATCH))


def escalate_due() -> int:
    """Record as overdue what nobody attested a week after the date, and tell the stewards; return how many."""
    late = Destruction.objects.filter(
        state=DestructionState.DUE, escalated_at=None, due_on__lte=today() - dt.timedelta(days=ESCALATE_AFTER)
    )
    datasets = Dataset.objects.filter(pk__in=late.order_by().values("affected__procedure__dataset"))
    return sum(_escalate(dataset, late.values_list("pk", flat=True)) for dataset in datasets)


def _remind(pks: Iterable[int]) -> int:
    with act():
        reminded = 0
        for owed in _locked(pks):
            reached = _reached(owed)
            if reached > owed.reminders and not _is_too_soon(owed, reached):
                owed.reminders, owed.reminded_at = reached, now()
                owed.save(update_fields=["reminders", "reminded_at"])
                messages.queue_reminder(owed)
                reminded += 1
        return reminded


def _reached(owed: Destruction) -> int:
    """Return how many of the reminders' days have come."""
    return sum(owed.due_on + dt.timedelta(days=days) <= today() for days in REMINDERS)


def _is_too_soon(owed: Destruction, reached: int) -> bool:
    """Return whether the notice itself is as near to the date as the reminder ahead of it."""
    told = owed.affected.procedure.begun_at.date()
    return reached == 1 and owed.due_on + dt.timedelta(days=REMINDERS[0]) <= told


def _escalate(dataset: Dataset, late: Iterable[int]) -> int:
    with act() as record:
        overdue = [one for one in _locked(late) if one.escalated_at is None and one.affected.grant.dataset == dataset]
        Destruction.objects.filter(pk__in=[one.pk for one in overdue]).update(escalated_at=now())
        for one in overdue:
            record.record(
                Kind.DESTRUCTION_OVERDUE,
                by=_JOB,
                as_role="system",
                subjects=certifying.subjects(one.affected, one.person),
                due=one.due_on.isoformat(),
            )
        if overdue:
            for steward in holders(dataset, {Role.STEWARD}):
                messages.queue_overdue(dataset, to=steward.user, overdue=overdue)
    return len(overdue)


def _locked(pks: Iterable[int]) -> list[Destruction]:
    """Return those still owed, as they are now, their rows locked until the act ends."""
    rows = queries.destructions().filter(pk__in=list(pks), state=DestructionState.DUE)
    return list(rows.order_by("pk").select_for_update(of=("self",)))
