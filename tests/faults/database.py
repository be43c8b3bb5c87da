"""The installation's database, looked at and touched from outside, in plain SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg


class Database:
    """One statement at a time, each in a connection of its own: the server may go away in between."""

    def __init__(self, address: str) -> None:
        self.address = address

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query; values stand as `?`."""
        return self._run(statement, values)

    def value(self, statement: str, *values: object) -> Any:
        """Return the first column of the first row, or None."""
        found = self._run(statement, values)
        return found[0][0] if found else None

    def change(self, statement: str, *values: object) -> None:
        """Carry out one change."""
        self._run(statement, values)

    def _run(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        if self.address.startswith("sqlite:///"):
            path = Path(self.address.removeprefix("sqlite:///"))
            with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
                return list(connection.execute(statement, values).fetchall())
        with psycopg.connect(self.address, autocommit=True) as postgres:
            done = postgres.execute(statement.replace("?", "%s"), values)
            return list(done.fetchall()) if done.description else []
