"""Executed agreements that are due: written with the approval, taken up one at a time, put off when they fail."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Exists, F, OuterRef, QuerySet

from agreements.applications.models import Decision, DecisionKind
from agreements.core.clock import now
from agreements.core.wakeups import Wakeup, poke
from agreements.documents.models import StoredDocument
from agreements.grants.models import ExecutedAgreement, Grant

LEASE: Final = dt.timedelta(minutes=10)
"""Longer than one takes to draw; after that a killed worker's is taken up again."""
LONGEST: Final = dt.timedelta(days=1)
AT_ONCE: Final = 200
"""Grants from before there were executed agreements that are put in line in one transaction."""


def ask(*, grant: Grant) -> ExecutedAgreement:
    """Put a grant in line, in the caller's transaction: nothing is drawn in it."""
    row, created = ExecutedAgreement.objects.get_or_create(grant=grant)
    if created:
        poke(Wakeup.AGREEMENTS)
    return row


def of(grant: Grant) -> ExecutedAgreement | None:
    """Return the executed agreement of a grant, or the row by which it is due; None for what was never approved."""
    return ExecutedAgreement.objects.filter(grant=grant).select_related("document").first()


def documents_of(*application_references: str) -> list[StoredDocument]:
    """Return the executed agreements of the grants that applications led to."""
    rows = ExecutedAgreement.objects.filter(grant__application__reference__in=application_references)
    return list(StoredDocument.objects.filter(pk__in=rows.values("document")).order_by("pk"))


def ask_for_earlier() -> int:
    """Put all grants in line that were approved here before agreements were executed; return how many.

    Ended ones too: whoever held one may have to show what both sides signed. It reads every grant there is: it is for
    a task of its own, now and then, not for the drawing, which is woken by every approval.
    """
    asked = 0
    while some := _ask_for_some():
        asked += some
    if asked:
        poke(Wakeup.AGREEMENTS)
    return asked


def _ask_for_some() -> int:
    has_row = ExecutedAgreement.objects.filter(grant=OuterRef("pk"))
    approved = Decision.objects.filter(application=OuterRef("application"), kind=DecisionKind.APPROVE)
    missing = Grant.objects.filter(~Exists(has_row), Exists(approved), imported_at=None, holder__erased_at=None)
    rows = [ExecutedAgreement(grant_id=pk) for pk in missing.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]]
    return len(ExecutedAgreement.objects.bulk_create(rows, ignore_conflicts=True))


def waiting() -> QuerySet[ExecutedAgreement]:
    """Return those that can be drawn now. Of an erased person none is; nor of papers whose time was over."""
    found = ExecutedAgreement.objects.filter(made_at=None, document=None, due_at__lte=now())
    return found.filter(pk__in=still_possible())


def still_possible() -> QuerySet[ExecutedAgreement]:
    """Return those whose holder still has a name, and whose signed copy was not erased."""
    submitted = Decision.objects.filter(
        application=OuterRef("grant__application"),
        kind=DecisionKind.APPROVE,
        submission__signed_copy__document__erased_at=None,
    )
    return ExecutedAgreement.objects.filter(Exists(submitted), grant__holder__erased_at=None)


def claim() -> ExecutedAgreement | None:
    """Return the next one to draw, which no other worker takes up before its lease is over.

    A worker that is killed by what it draws puts nothing off: each time the lease is longer, as after any failure.
    """
    while (found := waiting().order_by("due_at", "pk").first()) is not None:
        same = ExecutedAgreement.objects.filter(pk=found.pk, document=None, due_at=found.due_at)
        if same.update(due_at=now() + _wait(found.attempts + 1), attempts=F("attempts") + 1):
            return ExecutedAgreement.objects.get(pk=found.pk)
    return None


def put_off(row: ExecutedAgreement) -> None:
    """Have one that failed tried again later, each time after twice as long, a day at most."""
    ExecutedAgreement.objects.filter(pk=row.pk, document=None).update(due_at=now() + _wait(row.attempts))


def _wait(attempts: int) -> dt.timedelta:
    return min(LEASE * int(2 ** min(max(attempts - 1, 0), 10)), LONGEST)
