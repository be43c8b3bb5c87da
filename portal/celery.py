"""The Celery application. Redis is the broker and nothing else."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery, signals

from portal.alive import SignOfLife
from portal.before_serving import say_what_is_lacking
from portal.privacy import hide_from_same_user

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("countersign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["agreements"], related_name="tasks")
app.steps["worker"].add(SignOfLife)


@signals.setup_logging.connect(weak=False)
def _log_as_the_site_does(**_: Any) -> None:
    # Without a receiver Celery gives its task logger a handler of its own, which would not cut tokens.
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.worker_init.connect(weak=False)
def _say_what_is_lacking(**_: Any) -> None:
    # It draws and signs agreements; Celery itself runs Django's checks and keeps their warnings to itself.
    say_what_is_lacking()


@signals.celeryd_init.connect(weak=False)
@signals.worker_process_init.connect(weak=False)
@signals.beat_init.connect(weak=False)
def _hide(**_: Any) -> None:
    # The worker starts the child that opens strangers' files, and its environment holds the keys.
    hide_from_same_user()
