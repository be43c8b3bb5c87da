"""What all tests share: real services on demand, and the choice of database tests for the second run.

A service starts when the first test asks for it and stops with the run. Settings name the database before anything is
imported, so `make test` runs pytest twice: everything on SQLite, then what touches the database on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.figures import FIGURES
from tests.ledger import lifting
from tests.services import dovecot, postgres, valkey

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_serialized_rollback", "live_server", "client_of"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the project's own options."""
    group = parser.getgroup("countersign")
    group.addoption("--touching-database", action="store_true", help="only tests that use Django's database")
    group.addoption("--long", action="store_true", help="full counts: also tests marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, as deselected and not as skipped, what this run is not for."""
    kept = items
    if config.getoption("--touching-database"):
        kept = [item for item in kept if _touches_database(item)]
    if not config.getoption("--long"):
        kept = [item for item in kept if item.get_closest_marker("long") is None]
    if len(kept) < len(items):
        chosen = set(map(id, kept))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in chosen])
        items[:] = kept


def _touches_database(item: pytest.Item) -> bool:
    fixtures: set[str] = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[valkey.Valkey]:
    """A broker for the whole run. Who stops or freezes it sets it going again."""
    with valkey.running() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[dovecot.Dovecot]:
    """Mailboxes for the whole run; each test takes a user name of its own."""
    with dovecot.running() as server:
        yield server


@pytest.fixture
def postgres_server() -> Iterator[postgres.Postgres]:
    """A cluster of a test's own, which it may stop and restart."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _append_only_tables_are_emptied_between_tests() -> Iterator[None]:
    """Tests with real transactions end by emptying every table, which the ledger's triggers would refuse."""
    with pytest.MonkeyPatch.context() as patch:
        lifting.let_flush_empty_them(patch)
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if FIGURES:
        terminalreporter.section("measured")
        for line in FIGURES:
            terminalreporter.write_line(line)
