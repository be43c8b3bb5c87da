"""The cases that wait for one reviewer, as mail tells of them.

Everything is asked about all cases at once: how many wait changes how much is read, not how often.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from agreements.applications.models import Application, Decision, DecisionKind, Submission
from agreements.applications.permissions import cases_decidable_by
from agreements.applications.waiting import Wait, days_waited, expected_wait
from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.catalog.permissions import datasets_where, running
from agreements.core import one_line
from agreements.people.models import User
from agreements.review.queue import FILTERS, Filters, cases

_ALL: Final = Q()
_LONGEST: Final = 80
_STAFF: Final = (Role.REVIEWER, Role.STEWARD)
_NEWEST: Final = Subquery(
    Submission.objects.filter(application=OuterRef("pk")).order_by("-number").values("number")[:1]
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in the queue of one reviewer. `not_theirs` says why others have to decide it, or is empty.

    `days` are whole days since it was handed in last, as `submission`; `past_at` is when it is past what applicants
    are told to expect. `is_left` is a case that no reviewer can decide, of which stewards are told therefore.
    """

    application: Application
    submission: int
    days: int
    past_at: dt.datetime
    is_past: bool
    not_theirs: str
    is_left: bool

    @property
    def organization(self) -> str:
        """Return what the applicant calls it, as a mail quotes it."""
        return one_line.quoted(self.application.organization, most=_LONGEST)


def people_told() -> QuerySet[User]:
    """Return to whom mail about waiting cases may go: reviewers, and stewards for what no reviewer can decide."""
    return User.objects.filter(pk__in=_staff().values("user")).order_by("pk")


def datasets_told_of(person: User) -> QuerySet[Dataset]:
    """Return the datasets of whose cases a person is told: a reviewer, or a steward where there is no reviewer."""
    reviewers = running().filter(dataset=OuterRef("dataset"), role=Role.REVIEWER)
    telling = _staff().filter(Q(role=Role.REVIEWER) | ~Exists(reviewers), user=person)
    return Dataset.objects.filter(pk__in=telling.values("dataset")).order_by("title", "pk")


def waiting_for(person: User, only: Q = _ALL) -> list[Waiting]:
    """Return the cases of which a person is told, oldest first, `only` some: those they may read.

    A steward beside reviewers is told of those alone that no reviewer is left to decide, and that they may decide.
    """
    told_of = {*datasets_told_of(person).values_list("pk", flat=True)}
    found = _in_queue(person, only)
    theirs = _left_to(person, _STAFF, only) if found else set()
    beside = {each.application.dataset_id for each in found} - told_of
    reviewers = User.objects.filter(pk__in=running().filter(role=Role.REVIEWER, dataset__in=beside).values("user"))
    taken = {pk for reviewer in reviewers for pk in _left_to(reviewer, [Role.REVIEWER], only)} if beside else set()
    datasets = {each.application.dataset_id: each.application.dataset for each in found}
    waits = {pk: expected_wait(dataset) for pk, dataset in datasets.items()}
    return [
        _waiting(each, waits, theirs=each.application.pk in theirs, is_left=each.application.dataset_id in beside)
        for each in found
        if each.application.dataset_id in told_of or each.application.pk in theirs - taken
    ]


def is_told_of_any(person: User) -> bool:
    """Return whether a person is told of the cases of a dataset, or of one now."""
    return datasets_told_of(person).exists() or bool(waiting_for(person))


@dataclass(frozen=True, slots=True)
class _Queued:
    application: Application
    submission: int
    is_approved: bool
    """Whether the person approved it."""


def _staff() -> QuerySet[RoleAssignment]:
    return running().filter(role__in=_STAFF)


def _in_queue(person: User, only: Q) -> list[_Queued]:
    """Return what waits in the datasets for which a person decides, of what they may read."""
    found = cases(by=person.actor, filters=Filters()).filter(only, dataset__in=datasets_where(person.pk, _STAFF))
    numbered = found.annotate(newest_number=_NEWEST).annotate(is_approved=_approved_by(person))
    return [_Queued(each, each.newest_number, each.is_approved) for each in numbered]


def _left_to(person: User, roles: Collection[Role], only: Q) -> set[int]:
    """Return the keys of the waiting cases that a person may decide in one of the roles, and did not approve yet."""
    waiting = FILTERS["waiting"].states
    found = cases_decidable_by(person.actor).filter(only, state__in=waiting)
    found = found.filter(dataset__in=datasets_where(person.pk, roles)).annotate(newest_number=_NEWEST)
    return {*found.exclude(_approved_by(person)).values_list("pk", flat=True)}


def _approved_by(person: User) -> Exists:
    """Return the condition on applications with their `newest_number` that a person approved what was handed in."""
    approvals = Decision.objects.filter(kind=DecisionKind.APPROVE, reviewer=person, application=OuterRef("pk"))
    return Exists(approvals.filter(submission__number=OuterRef("newest_number")))


def _waiting(case: _Queued, waits: Mapping[int, Wait], *, theirs: bool, is_left: bool) -> Waiting:
    application = case.application
    assert application.submitted_at is not None, "what was never submitted is in no queue"
    wait = waits[application.dataset_id]
    not_theirs = "" if theirs else _("for somebody else to decide: it is of your own organization")
    return Waiting(
        application=application,
        submission=case.submission,
        days=days_waited(application),
        past_at=wait.past_at(application.submitted_at),
        is_past=wait.is_past(application.submitted_at),
        not_theirs=_("you approved it; another reviewer has to, too") if case.is_approved else not_theirs,
        is_left=is_left,
    )
