"""The reviewers' queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import OuterRef, Q, QuerySet, Subquery

from agreements.applications.models import Application, EvidenceRun, State
from agreements.applications.permissions import cases_visible_to
from agreements.core.actors import Actor

FILTERS: Final = {
    "waiting": (State.SUBMITTED,),
    "returned": (State.RETURNED,),
    "decided": (State.APPROVED, State.DECLINED),
    "all": (State.SUBMITTED, State.RETURNED, State.APPROVED, State.DECLINED, State.WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class Filters:
    show: str = "waiting"
    dataset: str = ""
    words: str = ""


def cases(*, by: Actor, filters: Filters) -> QuerySet[Application]:
    """Return the cases that a person may read, oldest submission first, with `evidence_state` on each."""
    found = cases_visible_to(by).filter(state__in=FILTERS.get(filters.show, FILTERS["waiting"]))
    if filters.dataset:
        found = found.filter(dataset__slug=filters.dataset)
    for word in filters.words.split():
        found = found.filter(
            Q(reference__icontains=word)
            | Q(name__icontains=word)
            | Q(email__icontains=word)
            | Q(organization__icontains=word)
        )
    newest = EvidenceRun.objects.filter(submission__application=OuterRef("pk")).order_by("-pk")
    return (
        found.select_related("dataset", "applicant")
        .annotate(evidence_state=Subquery(newest.values("state")[:1]))
        .order_by("submitted_at", "pk")
    )


def neighbours(*, application: Application, by: Actor) -> tuple[str | None, str | None]:
    """Return the references of the waiting cases before and after this one."""
    waiting = cases(by=by, filters=Filters())
    moment = application.submitted_at
    if moment is None:
        return None, None
    before = waiting.filter(Q(submitted_at__lt=moment) | Q(submitted_at=moment, pk__lt=application.pk)).reverse()
    after = waiting.filter(Q(submitted_at__gt=moment) | Q(submitted_at=moment, pk__gt=application.pk))
    return (
        before.values_list("reference", flat=True).first(),
        after.values_list("reference", flat=True).first(),
    )
