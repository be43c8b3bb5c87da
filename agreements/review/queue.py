"""The reviewers' queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from agreements.applications.models import Application, EvidenceRun, State
from agreements.applications.permissions import cases_visible_to
from agreements.core.actors import Actor

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Shown:
    """What one choice of the queue shows, and what it is called."""

    label: StrOrPromise
    states: tuple[State, ...]


FILTERS: Final = {
    "waiting": Shown(_("waiting for a decision"), (State.SUBMITTED,)),
    "returned": Shown(_("returned for changes"), (State.RETURNED,)),
    "decided": Shown(_("decided"), (State.APPROVED, State.DECLINED)),
    # A case that was never submitted is nobody's but its applicant's, whatever is chosen here.
    "all": Shown(_("all"), tuple(State)),
}


@dataclass(frozen=True, slots=True)
class Filters:
    show: str = "waiting"
    dataset: str = ""
    words: str = ""


def cases(*, by: Actor, filters: Filters) -> QuerySet[Application]:
    """Return the cases that a person may read, oldest submission first, with `evidence_state` on each."""
    found = cases_visible_to(by).filter(state__in=FILTERS.get(filters.show, FILTERS["waiting"]).states)
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
