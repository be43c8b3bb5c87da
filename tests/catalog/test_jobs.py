"""Publishings asked for on the desk: done once, by one process at a time, and told in words."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from agreements.catalog import inbox, job_runs, jobs, uploads
from agreements.catalog.models import Archive, JobState, PublishJob, RoleAssignment, SealKind, Subset
from agreements.core import wakeups
from agreements.core.clock import frozen, now
from agreements.core.errors import DomainError, Invalid, NotAllowed, NotPossible
from agreements.people.models import User
from agreements.vault.protocol import OutOfReach
from portal.embedded.children import wait_until
from tests.catalog.sources import FILES, zip_of
from tests.faults.at_once import at_once

Ask = Callable[..., PublishJob]


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    woken: list[str] = []
    monkeypatch.setattr(wakeups, "_registry", {wakeups.Wakeup.PUBLISHING: lambda: woken.append("publishing")})
    return woken


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heart that beats at every word of progress: a thread would not see the test's own transaction."""

    class BeatingWithTheWork(job_runs.Heart):
        def __init__(self, job: PublishJob, **given: Any) -> None:
            super().__init__(job, threaded=False, **given)

        def __call__(self, phase: str, done: int, total: int) -> None:
            self._progress = (phase, done, total)
            self.beat()
            super().__call__(phase, done, total)

    monkeypatch.setattr(job_runs, "Heart", BeatingWithTheWork)


@pytest.fixture
def ask(train40: Subset, dan: User) -> Ask:
    """Ask, as Dan, for what lies in the inbox as `train40.zip`."""
    zip_of(inbox.prepare() / "train40.zip")

    def asking(**other: Any) -> PublishJob:
        given: dict[str, Any] = {
            "subset": train40,
            "name": "train40.zip",
            "seal": SealKind.PERSONAL,
            "source": "train40.zip",
        }
        return jobs.ask(**(given | {"by": dan.actor} | other))

    return asking


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
    assert (inbox.place() / "train40.zip").exists()
    assert jobs.claim() is None


def test_an_upload_is_published_and_then_deleted(ask: Ask, dan: User, train40: Subset) -> None:
    data = (inbox.place() / "train40.zip").read_bytes()
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


def test_who_loses_the_job_in_the_middle_stops_and_writes_nothing(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    job = claimed()

    def losing(**given: Any) -> Archive:
        given["progress"]("reading", 1, 2)
        PublishJob.objects.filter(pk=job.pk).update(attempts=7)
        given["progress"]("reading", 2, 2)
        raise AssertionError("it went on")

    monkeypatch.setattr(job_runs, "publish_archive", losing)
    job_runs.run(job.pk, job.attempts)
    assert (again(job).state, again(job).done, again(job).attempts) == (JobState.RUNNING, 1, 7)


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


def test_progress_and_lease_are_written_while_it_runs(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    job = claimed()
    seen: list[tuple[str, int, int]] = []
    plain = jobs.note

    def noting(job: PublishJob, **given: Any) -> bool:
        seen.append((given["phase"], given["done"], given["total"]))
        return plain(job, **given)

    monkeypatch.setattr(jobs, "note", noting)
    job_runs.run(job.pk, job.attempts)
    assert {phase for phase, _, _ in seen} >= {"reading", "writing", "checking"}
    assert all(0 <= part <= whole for _, part, whole in seen)


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


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Invalid("{path} is damaged: no end."), "train40.zip is damaged: no end."),
        (OutOfReach("the vault did not answer"), "the vault did not answer"),
        (OSError(28, "No space left on device"), "could not read or write a file: No space left on device."),
        (ZeroDivisionError("secret"), "a reason that nobody foresaw (ZeroDivisionError)"),
    ],
)
def test_what_went_wrong_is_told_without_paths_and_can_be_tried_again(
    ask: Ask, dan: User, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def failing(**given: Any) -> Archive:
        error.args = (*error.args[:-1], str(error.args[-1]).format(path=given["source"]))
        raise error

    ask()
    with monkeypatch.context() as patched:
        patched.setattr(job_runs, "publish_archive", failing)
        job = done()
    assert job.state == JobState.FAILED
    assert words in job.trouble
    assert str(inbox.place()) not in job.trouble
    assert "secret" not in job.trouble
    jobs.ask_again(job=job, by=dan.actor)
    assert done().state == JobState.DONE
    with pytest.raises(NotPossible, match="did not fail"):
        jobs.ask_again(job=PublishJob.objects.order_by("-pk")[0], by=dan.actor)


def test_a_database_that_is_away_fails_no_job(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_given: Any) -> Archive:
        raise DatabaseError("gone")

    ask()
    job = claimed()
    monkeypatch.setattr(job_runs, "publish_archive", away)
    with pytest.raises(DatabaseError):
        job_runs.run(job.pk, job.attempts)
    assert again(job).state == JobState.RUNNING


def test_a_bad_name_in_a_zip_fails_the_job_with_the_member_named(ask: Ask) -> None:
    zip_of(inbox.place() / "train40.zip", ["ok.txt", "../climbs/out.txt"])
    ask()
    job = done()
    assert "'../climbs/out.txt' leads out of the archive" in job.trouble


def test_work_that_tells_of_no_progress_is_killed_in_the_end(ask: Ask, dan: User) -> None:
    ask()
    job = claimed()
    at: list[float] = [0.0]
    killed: list[int] = []
    heart = job_runs.Heart(job, monotonic=lambda: at[0], end_process=killed.append)
    jobs.stop(job=job, by=dan.actor)
    heart.beat()
    at[0] = 15
    heart.beat()
    assert killed == []
    at[0] = 25
    heart.beat()
    assert killed == [1]
    assert again(job).state == JobState.STOPPED


def test_the_process_ends_with_the_worker_that_started_it(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    heart = job_runs.Heart(claimed())
    monkeypatch.setattr(os, "getppid", lambda: 1)
    heart.beat()
    assert heart.why == "orphan"
    with pytest.raises(job_runs.Ended):
        heart("reading", 1, 2)


def test_each_due_job_gets_a_process_of_its_own_in_a_session_of_its_own(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[list[str], dict[str, Any]]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: started.append((command, options)))
    job = ask()
    assert job_runs.start_due() == 1
    assert job_runs.start_due() == 0
    command, options = started[0]
    assert command[0] == sys.executable
    assert Path(command[1]).name == "manage.py"
    assert command[2:] == ["run_publishing", str(job.pk), "1"]
    assert options["start_new_session"]


GIB = 1024**3


def test_a_real_process_is_killed_in_the_middle_and_another_one_finishes(transactional_db: None, ask: Ask) -> None:
    """`kill -9`: no handler, no last word. The lease runs out, and what was begun is finished by the next."""
    folder = inbox.prepare() / "large"
    folder.mkdir()
    with (folder / "image.raw").open("wb") as file:
        file.truncate(4 * GIB)
    ask(source="large")
    job = claimed()
    with _process(job) as process:
        assert wait_until(lambda: again(job).claimed_until != job.claimed_until or process.poll() is not None, 30)
        assert process.poll() is None
        process.kill()
    assert again(job).state == JobState.RUNNING
    assert jobs.claim() is None
    os.truncate(folder / "image.raw", 1000)
    PublishJob.objects.update(claimed_until=now())
    job = claimed()
    assert job.attempts == 2
    with _process(job) as process:
        assert process.wait(60) == 0
    assert again(job).state == JobState.DONE
    assert Archive.objects.get().plain_size == 1000


def test_a_real_process_stops_when_it_is_asked_to(transactional_db: None, ask: Ask, dan: User) -> None:
    folder = inbox.prepare() / "large"
    folder.mkdir()
    for number in range(40):
        with (folder / f"{number}.raw").open("wb") as file:
            file.truncate(GIB // 8)
    ask(source="large")
    job = claimed()
    with _process(job) as process:
        assert wait_until(lambda: again(job).done > 0, 30)
        jobs.stop(job=job, by=dan.actor)
        assert process.wait(15) == 0
    assert again(job).state == JobState.STOPPED
    assert not Archive.objects.exists()


def _process(job: PublishJob) -> subprocess.Popen[bytes]:
    """Start the process that the worker would start, on the database of this test."""
    database = connection.settings_dict
    address = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        who = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        address = f"postgres://{who}/{database['NAME']}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_DATABASE_URL": address,
        "COUNTERSIGN_INBOX": str(settings.INBOX),
        "COUNTERSIGN_VAULT_ARCHIVES": settings.VAULT_ARCHIVES,
    }
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_publishing", str(job.pk), str(job.attempts)]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
