"""The Celery application. Redis is the broker and nothing else."""

from __future__ import annotations

import os

from celery import Celery

from portal.alive import SignOfLife

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("countersign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["agreements"], related_name="tasks")
app.steps["worker"].add(SignOfLife)
