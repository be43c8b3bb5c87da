"""Publishings asked for on the desk: each is one process's at a time, and has one end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.catalog.models import Archive, JobState, PublishJob, RoleAssignment, Subset
from agreements.catalog.publishing import inbox, job_runs, jobs, uploads
from agreements.core.clock import frozen, now
from agreements.core.errors import DomainError, Invalid, NotAllowed, NotPossible
from agreements.people.models import User
from tests.catalog.asking import Ask, again, claimed, done
from tests.catalog.sources import FILES
from tests.faults.at_once import at_once


def test_what_lies_in_the_inbox_is_published_by_whoever_asked_and_stays_there(
    ask: Ask, woken: list[str], dan: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ask()
    assert woken == ["publishing"]
    job = done()
    assert (job.state, job.trouble, job.claimed_until) == (JobState.DONE, "", None)
    archive = Archive.objects.get()
    assert (job.archive, archive.name, archive.version, archive.seal) == (archive, "train40.zip", 1, "personal")
    assert archive.member_count == len(FILES)
    assert (inbox.root() / "genebody" / "train40.zip").exists()
    assert jobs.claim() is None


def test_an_upload_is_published_and_then_deleted(ask: Ask, dan: User, train40: Subset) -> None:
    data = (inbox.root() / "genebody" / "train40.zip").read_bytes()
    upload = uploads.begin(subset=train40, file_name="mine.zip", size=len(data), by=dan.actor)
    upload = uploads.append(upload=upload, offset=0, data=data, by=dan.actor)
    place = uploads.path_of(upload)
    ask(upload=upload, source="")
    assert done().state == JobState.DONE
    assert not place.exists()
    upload.refresh_from_db()
    assert upload.removed_at is not None


@pytest.mark.parametrize("source", ["", "..", "../secret.zip", "/etc", ".uploads", "missing.zip", "a\0.zip"])
def test_nothing_outside_the_inbox_is_asked_for(ask: Ask, source: str) -> None:
    with pytest.raises(Invalid, match="nothing of this name"):
        ask(source=source)
    assert not PublishJob.objects.exists()


def test_who_asks_has_to_be_a_steward_when_asking_and_when_it_is_done(ask: Ask, eve: User, dan: User) -> None:
    with pytest.raises(NotAllowed):
        ask(by=eve.actor)
    ask()
    RoleAssignment.objects.filter(user=dan).update(ended_at=now())
    job = done()
    assert job.state == JobState.FAILED
    assert "Only a steward of the dataset can publish archives." in job.trouble
    assert not Archive.objects.exists()


def test_one_archive_is_published_once_at_a_time(ask: Ask) -> None:
    ask()
    with pytest.raises(NotPossible, match=r"train40.zip is being published already"):
        ask()
    ask(name="other.zip")


def test_of_two_clicks_at_once_one_asks(transactional_db: None, ask: Ask) -> None:
    for number in range(10):
        ends = at_once(*[lambda: ask(name=f"n{number}.zip")] * 3)  # noqa: B023 - done before the next round
        assert sum(isinstance(end, PublishJob) for end in ends) == 1
        assert sum(isinstance(end, DomainError) for end in ends) == 2


def test_two_workers_at_once_never_take_the_same_job(transactional_db: None, ask: Ask) -> None:
    for number in range(10):
        PublishJob.objects.all().delete()
        job = ask(name=f"n{number}.zip")
        ends = at_once(*[jobs.claim] * 4)
        assert sorted(end.pk for end in ends if end) == [job.pk]


def test_at_most_two_run_at_the_same_time(ask: Ask) -> None:
    for name in ("a.zip", "b.zip", "c.zip"):
        ask(name=name)
    assert [claimed().name, claimed().name] == ["a.zip", "b.zip"]
    assert jobs.claim() is None


def test_a_job_whose_process_died_is_taken_up_by_the_next_and_lost_to_the_first(ask: Ask) -> None:
    ask()
    first = claimed()
    assert jobs.claim() is None
    with frozen(now() + jobs.LEASE + dt.timedelta(seconds=1)):
        second = claimed()
        assert (second.pk, second.attempts) == (first.pk, 2)
        assert jobs.note(second, phase="reading", done=1, total=2)
        assert not jobs.note(first, phase="reading", done=2, total=2)
        job_runs.run(first.pk, first.attempts)
        jobs.fail(first, trouble="from the grave")
        assert again(first).state == JobState.RUNNING
        assert not Archive.objects.exists()
        job_runs.run(second.pk, second.attempts)
        assert again(second).state == JobState.DONE
    assert Archive.objects.count() == 1


def test_a_job_that_ends_its_process_each_time_is_given_up(ask: Ask) -> None:
    ask()
    for attempt in range(jobs.ATTEMPTS):
        with frozen(now() + dt.timedelta(hours=attempt)):
            job = claimed()
    with frozen(now() + dt.timedelta(hours=20)):
        assert jobs.claim() is None
    job = again(job)
    assert job.state == JobState.FAILED
    assert "ended 10 times before the work was done" in job.trouble


def test_a_waiting_job_is_stopped_at_once_and_a_running_one_when_it_looks_up(ask: Ask, dan: User) -> None:
    waiting = ask()
    jobs.stop(job=waiting, by=dan.actor)
    assert again(waiting).state == JobState.STOPPED
    with pytest.raises(NotPossible, match="not being published any more"):
        jobs.stop(job=waiting, by=dan.actor)
    ask()
    job = claimed()
    jobs.stop(job=job, by=dan.actor)
    assert again(job).state == JobState.RUNNING
    job_runs.run(job.pk, job.attempts)
    assert again(job).state == JobState.STOPPED
    assert not Archive.objects.exists()


def test_a_job_whose_process_is_gone_is_stopped_at_once(ask: Ask, dan: User) -> None:
    ask()
    job = claimed()
    with frozen(now() + jobs.LEASE):
        jobs.stop(job=job, by=dan.actor)
    assert again(job).state == JobState.STOPPED


def test_only_stewards_stop(ask: Ask, eve: User) -> None:
    with pytest.raises(NotAllowed):
        jobs.stop(job=ask(), by=eve.actor)
