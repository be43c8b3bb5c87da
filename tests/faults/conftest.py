"""Installations that run for real, shared by the tests of one database; figures printed at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agreements.core import wakeups
from agreements.ledger.verify import verify
from tests.faults import installation
from tests.faults.installation import Installation
from tests.faults.world import World
from tests.flows.scene import make_scene
from tests.ledger.lifting import let_flush_empty_them
from tests.services import postgres
from tests.services.postgres import Postgres


@pytest.fixture(scope="session")
def shared_site() -> Iterator[Installation]:
    """An installation on SQLite."""
    with installation.running(applicants=12) as running:
        yield running
        assert running.ledger_verdict().startswith("holds"), running.ledger_verdict()


@pytest.fixture
def site(shared_site: Installation) -> Installation:
    """The installation on SQLite, with nothing left to do."""
    shared_site.settle()
    return shared_site


@pytest.fixture(scope="session")
def fault_postgres() -> Iterator[Postgres]:
    """A PostgreSQL that tests restart."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_site(fault_postgres: Postgres) -> Iterator[Installation]:
    """An installation on PostgreSQL."""
    with installation.running(applicants=3, database_url=fault_postgres.url) as running:
        yield running


@pytest.fixture
def world(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose transactions are real; afterwards the chain must hold."""
    let_flush_empty_them(monkeypatch)
    with wakeups.silenced():
        yield World(make_scene(tmp_path / "train40"))
    verdict = verify()
    assert verdict.holds, verdict
