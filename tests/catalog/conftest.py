"""A vault of the test's own, and GeneBody's folder as an operator has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from agreements.catalog.loading import load_dataset
from agreements.catalog.models import Dataset, PublishJob, Role, RoleAssignment, SealKind, Subset
from agreements.catalog.publishing import inbox, job_runs, jobs
from agreements.core import wakeups
from agreements.core.actors import job
from agreements.people.models import User
from agreements.vault import stores
from agreements.vault.protocol import Store
from tests.catalog.asking import Ask, BeatingWithTheWork
from tests.catalog.sources import FILES, zip_of
from tests.services.s3 import seaweed_server

__all__ = ["seaweed_server"]

SHIPPED = Path(__file__).parents[2] / "datasets" / "genebody"
SETUP = job("setup")


@pytest.fixture(autouse=True)
def vault(tmp_path: Path, settings: Settings) -> Store:
    settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
    settings.VAULT_DELIVERY = f"folder:{tmp_path / 'delivery'}"
    settings.INBOX = tmp_path / "inbox"
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    return stores.archives()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the folder that ships, to be edited."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "genebody"))


@pytest.fixture
def genebody(db: None, folder: Path) -> Dataset:
    return load_dataset(folder, by=SETUP).dataset


@pytest.fixture
def train40(genebody: Dataset) -> Subset:
    return Subset.objects.select_related("dataset").get(dataset=genebody, slug="train40")


@pytest.fixture
def ten(genebody: Dataset) -> Subset:
    return Subset.objects.select_related("dataset").get(dataset=genebody, slug="test10")


@pytest.fixture
def dan(genebody: Dataset) -> User:
    """Return the dataset's steward."""
    user = User.objects.create_user("dan@lab.example", name="Dan")
    RoleAssignment.objects.create(user=user, dataset=genebody, role=Role.STEWARD)
    return user


@pytest.fixture
def carol(db: None) -> User:
    return User.objects.create_user("carol@lab.example", name="Carol")


@pytest.fixture
def eve(db: None) -> User:
    return User.objects.create_user("eve@elsewhere.example", name="Eve")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "amanda" / "nothing yet").mkdir()
    return folder


@pytest.fixture
def woken() -> Iterator[list[str]]:
    """Return what was woken; nothing else is."""
    woken: list[str] = []
    with wakeups.silenced():
        wakeups.register(wakeups.Wakeup.PUBLISHING, lambda: woken.append("publishing"))
        yield woken


@pytest.fixture
def ask(train40: Subset, dan: User, woken: list[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask, as Dan, for what lies in the inbox as `train40.zip`; jobs that are run have one thread."""
    monkeypatch.setattr(job_runs, "Heart", BeatingWithTheWork)
    zip_of(inbox.prepare(train40.dataset) / "train40.zip")

    def asking(**other: Any) -> PublishJob:
        given: dict[str, Any] = {"subset": train40, "name": "train40.zip", "seal": SealKind.PERSONAL}
        return jobs.ask(**(given | {"source": "train40.zip", "by": dan.actor} | other))

    return asking
