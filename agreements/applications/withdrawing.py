"""Taking an application back, and letting forgotten ones lapse."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from agreements.applications.messages import queue_lapsed, queue_withdrawn
from agreements.applications.models import Application
from agreements.applications.states import EDITABLE, Step
from agreements.applications.transition import lock, may_step, move
from agreements.catalog.models import Dataset
from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import DomainError
from agreements.ledger.act import act


def withdraw(*, application: Application, by: Actor) -> None:
    """End an application at the applicant's wish. Raises NotPossible once it was decided."""
    with act() as record:
        locked = lock(application)
        move(record, application=locked, step=Step.WITHDRAW, by=by)
        queue_withdrawn(locked)


def may_withdraw(*, application: Application, by: Actor) -> bool:
    """Return whether `withdraw` would go through."""
    return may_step(application=application, step=Step.WITHDRAW, by=by)


def lapse_forgotten() -> int:
    """End drafts and returned applications that nobody touched for the dataset's time; return how many."""
    lapsed = 0
    for application in _forgotten():
        try:
            with act() as record:
                locked = lock(application)
                if lapses_at(locked) > now():
                    continue  # its owner went on with it in this moment
                move(record, application=locked, step=Step.LAPSE, by=actors.job("lapse"))
                queue_lapsed(locked)
        except DomainError:
            continue  # submitted or withdrawn in this moment
        lapsed += 1
    return lapsed


def lapses_at(application: Application) -> dt.datetime:
    """Return when an untouched application lapses."""
    return application.updated_at + dt.timedelta(days=application.dataset.draft_days)


def _forgotten() -> list[Application]:
    forgotten = Q()
    for dataset in Dataset.objects.all():
        forgotten |= Q(dataset=dataset, updated_at__lte=now() - dt.timedelta(days=dataset.draft_days))
    return list(Application.objects.filter(forgotten, state__in=EDITABLE)) if forgotten else []
