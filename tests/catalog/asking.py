"""Publishings as the desk asks for them, done in the test's own process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agreements.catalog.models import PublishJob
from agreements.catalog.publishing import job_runs, jobs

Ask = Callable[..., PublishJob]


class BeatingWithTheWork(job_runs.Heart):
    """A heart that beats at every word of progress: a thread would not see the test's own transaction."""

    def __init__(self, job: PublishJob, **given: Any) -> None:
        super().__init__(job, threaded=False, **given)

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._progress = (phase, done, total)
        self.beat()
        super().__call__(phase, done, total)


def again(job: PublishJob) -> PublishJob:
    return PublishJob.objects.get(pk=job.pk)


def claimed() -> PublishJob:
    job = jobs.claim()
    assert job is not None
    return job


def done() -> PublishJob:
    """Claim the next job, do it, and return it as it is then."""
    job = claimed()
    job_runs.run(job.pk, job.attempts)
    return again(job)
