"""How long an answer takes: computed from those that the lab gave lately, so that it promises what it does."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications.models import Application, Decision, DecisionKind, State
from agreements.catalog.models import Dataset
from agreements.core.clock import now

NEWEST: Final = 20
LOOKED_BACK: Final = dt.timedelta(days=180)
ENOUGH: Final = 5
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """Half of the recent answers came within `half` days, nine of ten within `most`, each rounded up.

    `answers` is how many were looked at; it is 0 where they were too few, and both are what the dataset says then.
    """

    half: int
    most: int
    answers: int

    @property
    def words(self) -> str:
        """Return what to expect, in one sentence."""
        if not self.answers:
            return ngettext(
                "Expect an answer within %(days)d day.", "Expect an answer within %(days)d days.", self.most
            ) % {"days": self.most}
        if self.half == self.most:
            return ngettext(
                "Nine of ten recent applications had an answer within %(days)d day.",
                "Nine of ten recent applications had an answer within %(days)d days.",
                self.most,
            ) % {"days": self.most}
        half = ngettext("%(days)d day", "%(days)d days", self.half) % {"days": self.half}
        most = ngettext("%(days)d day", "%(days)d days", self.most) % {"days": self.most}
        words = _("Half of the recent applications had an answer within %(half)s, nine of ten within %(most)s.")
        return words % {"half": half, "most": most}

    @property
    def basis(self) -> str:
        """Return what that is computed from, in one sentence."""
        if not self.answers:
            return _("That is what the lab aims for; too few applications were answered lately to compute it.")
        words = _("Computed from the %(count)d newest answers of the lab, none older than %(days)d days.")
        return words % {"count": self.answers, "days": LOOKED_BACK.days}

    def past_at(self, since: dt.datetime) -> dt.datetime:
        """Return when a case that waits since then is past what was expected."""
        return since + self.most * _DAY

    def is_past(self, since: dt.datetime | None) -> bool:
        """Return whether a case that waits since then waits longer than nine of ten did, or than the dataset says."""
        return since is not None and self.past_at(since) <= now()


def expected_wait(dataset: Dataset) -> Wait:
    """Return how long those who submit now have to expect to wait for an answer."""
    waits = _recent(dataset)
    if len(waits) < ENOUGH:
        return Wait(dataset.expected_wait_days, dataset.expected_wait_days, 0)
    return Wait(_within(waits, 0.5), _within(waits, 0.9), len(waits))


def is_past_expected(application: Application, wait: Wait) -> bool:
    """Return whether an application waits for an answer, and longer than expected."""
    return application.state == State.SUBMITTED and wait.is_past(application.submitted_at)


def days_waited(application: Application) -> int:
    """Return the whole days since an application was handed in last."""
    return (now() - application.submitted_at).days if application.submitted_at else 0


def _recent(dataset: Dataset) -> list[dt.timedelta]:
    """Return the newest waits from a submission to its answer, shortest first.

    An approval that waits for a second one answers nobody; of two, the second is the answer.
    """
    later = Decision.objects.filter(submission=OuterRef("submission"), pk__gt=OuterRef("pk"))
    answers = Decision.objects.filter(
        ~Exists(later), application__dataset=dataset, decided_at__gt=now() - LOOKED_BACK
    ).filter(~Q(kind=DecisionKind.APPROVE) | Q(application__state=State.APPROVED))
    moments = answers.order_by("-decided_at", "-pk").values_list("submission__submitted_at", "decided_at")
    return sorted(decided - submitted for submitted, decided in moments[:NEWEST])


def _within(waits: list[dt.timedelta], part: float) -> int:
    """Return the days within which this part of the waits was over (nearest rank), at least one."""
    longest = waits[math.ceil(len(waits) * part) - 1]
    return max(1, math.ceil(longest / _DAY))
