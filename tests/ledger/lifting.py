"""Lifting the triggers that make tables append-only. Only tests may: to tamper, and to empty tables between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from agreements.ledger import triggers


def installed() -> set[str]:
    """Return the names of the triggers that the database's catalogue has."""
    with connection.cursor() as cursor:
        cursor.execute(triggers.installed_query(connection.vendor))
        return {name for (name,) in cursor.fetchall()}


def expected() -> set[str]:
    """Return the names of the triggers that must be there."""
    return {name for table in triggers.APPEND_ONLY for name in triggers.trigger_names(connection.vendor, table)}


@contextmanager
def triggers_lifted() -> Iterator[None]:
    """Take the triggers away for the duration of the block, where they are."""
    were_there = expected() <= installed()
    _run(triggers.remove_statements(connection.vendor))
    try:
        yield
    finally:
        if were_there:
            _run(triggers.install_statements(connection.vendor))


def let_flush_empty_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Django empty all tables after a test with real transactions."""
    plain = BaseDatabaseOperations.execute_sql_flush

    def flush(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        with triggers_lifted():
            plain(self, sql_list)

    monkeypatch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush)


def sql(statement: str) -> int:
    """Run raw SQL and return the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def _run(statements: list[str]) -> None:
    for statement in statements:
        sql(statement)
