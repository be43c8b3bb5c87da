"""Doing the publishings that were asked for: progress, stopping, failing in words, and processes that are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from agreements.catalog.models import Archive, JobState, PublishJob
from agreements.catalog.publishing import inbox, job_runs, jobs
from agreements.core.clock import frozen, now
from agreements.core.errors import Invalid, NotPossible
from agreements.people.models import User
from agreements.vault.protocol import OutOfReach
from portal.embedded.children import wait_until
from tests.catalog.asking import Ask, again, claimed, done
from tests.catalog.sources import zip_of
from tests.faults.processes import is_there


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
    assert str(inbox.root()) not in job.trouble
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
    zip_of(inbox.root() / "genebody" / "train40.zip", ["ok.txt", "../climbs/out.txt"])
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
    folder = inbox.root() / "genebody" / "large"
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
    folder = inbox.root() / "genebody" / "large"
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


def test_a_real_process_ends_when_the_worker_that_started_it_is_gone(transactional_db: None, ask: Ask) -> None:
    folder = inbox.root() / "genebody" / "large"
    folder.mkdir()
    for number in range(80):
        with (folder / f"{number}.raw").open("wb") as file:
            file.truncate(GIB // 8)
    ask(source="large")
    job = claimed()
    worker = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); input()"
    command = [sys.executable, "-c", worker, *_command(job)]
    with subprocess.Popen(command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert wait_until(lambda: again(job).claimed_until != job.claimed_until, 30)
        parent.kill()
    assert wait_until(lambda: not is_there(child), 15)
    assert again(job).state == JobState.RUNNING
    with frozen(now() + jobs.LEASE):
        assert claimed().attempts == 2


def _process(job: PublishJob) -> subprocess.Popen[bytes]:
    """Start the process that the worker would start, on the database of this test."""
    return subprocess.Popen(_command(job), env=_environment(), stdin=subprocess.DEVNULL, start_new_session=True)


def _command(job: PublishJob) -> list[str]:
    manage = str(settings.BASE_DIR / "manage.py")
    return [sys.executable, manage, "run_publishing", str(job.pk), str(job.attempts)]


def _environment() -> dict[str, str]:
    database = connection.settings_dict
    address = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        who = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        address = f"postgres://{who}/{database['NAME']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_DATABASE_URL": address,
        "COUNTERSIGN_INBOX": str(settings.INBOX),
        "COUNTERSIGN_VAULT_ARCHIVES": settings.VAULT_ARCHIVES,
    }
