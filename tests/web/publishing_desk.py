"""The steward's desk of publishing: an inbox with something in it, Dan at his browser, and the worker's part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Dataset, PublishJob
from agreements.catalog.publishing import inbox, job_runs, jobs
from tests.catalog.asking import BeatingWithTheWork
from tests.catalog.sources import zip_of
from tests.flows.scene import Scene, signed_in

ARCHIVES = "/stewardship/genebody/archives/"
PUBLISH = f"{ARCHIVES}publish/"
PREVIEW = f"{PUBLISH}preview/"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an inbox with a zip and a folder."""
    settings.INBOX = tmp_path / "inbox"
    settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
    monkeypatch.setattr(job_runs, "Heart", BeatingWithTheWork)
    folder = inbox.prepare(Dataset(slug="genebody"))
    zip_of(folder / "new.zip")
    (folder / "folder").mkdir()
    (folder / "folder" / "a.txt").write_text("a")
    return folder


@pytest.fixture
def dan(scene: Scene) -> Any:
    return signed_in(scene.dan)


def work_off() -> PublishJob:
    """Do what is due, as the process of its own would."""
    job = jobs.claim()
    assert job is not None
    job_runs.run(job.pk, job.attempts)
    return PublishJob.objects.get(pk=job.pk)


def words(page: Any) -> str:
    return " ".join(page.content.decode().split())
