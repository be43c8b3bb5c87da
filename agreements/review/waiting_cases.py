"""The cases that wait for one reviewer, as mail tells of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from agreements.applications.models import Application, Decision, DecisionKind
from agreements.applications.permissions import Permission, may
from agreements.applications.submission import newest
from agreements.applications.waiting import days_waited, expected_wait
from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.catalog.permissions import running
from agreements.people.models import User
from agreements.review.queue import Filters, cases


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in the queue of one reviewer. `not_theirs` says why others have to decide it, or is empty.

    `days` are whole days since it was handed in last; `past_at` is when it is past what applicants are told to expect.
    """

    application: Application
    days: int
    past_at: dt.datetime
    is_past: bool
    not_theirs: str

    @property
    def organization(self) -> str:
        """Return what the applicant calls it, on one line and not longer than one."""
        words = " ".join(self.application.organization.split())
        return words if len(words) <= 80 else f"{words[:79]}…"


def people_told() -> QuerySet[User]:
    """Return whom mail about waiting cases goes to: reviewers, and stewards where a dataset has no reviewer."""
    return User.objects.filter(pk__in=_telling().values("user")).order_by("pk")


def datasets_told_of(person: User) -> QuerySet[Dataset]:
    """Return the datasets of whose cases a person is told."""
    return Dataset.objects.filter(pk__in=_telling().filter(user=person).values("dataset")).order_by("title", "pk")


def waiting_for(person: User) -> list[Waiting]:
    """Return the cases that wait in the queue of a person who is told of them, oldest first: those they may read."""
    datasets = {dataset.pk: dataset for dataset in datasets_told_of(person)}
    waits = {pk: expected_wait(dataset) for pk, dataset in datasets.items()}
    found = []
    for application in cases(by=person.actor, filters=Filters()).filter(dataset__in=list(datasets)):
        assert application.submitted_at is not None, "what was never submitted is in no queue"
        wait = waits[application.dataset_id]
        found.append(
            Waiting(
                application=application,
                days=days_waited(application),
                past_at=wait.past_at(application.submitted_at),
                is_past=wait.is_past(application.submitted_at),
                not_theirs=_not_theirs(application, person),
            )
        )
    return found


def _telling() -> QuerySet[RoleAssignment]:
    reviewers = running().filter(dataset=OuterRef("dataset"), role=Role.REVIEWER)
    return running().filter(Q(role=Role.REVIEWER) | Q(role=Role.STEWARD) & ~Exists(reviewers))


def _not_theirs(application: Application, person: User) -> str:
    if not may(Permission.DECIDE, application=application, by=person.actor):
        return _("for somebody else to decide: it is of your own organization")
    approvals = Decision.objects.filter(submission=newest(application), kind=DecisionKind.APPROVE)
    if approvals.filter(reviewer=person).exists():
        return _("you approved it; another reviewer has to, too")
    return ""
