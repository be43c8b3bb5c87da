"""Commits that survive a power cut, for what is removed elsewhere once it is committed here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def commits_are_durable() -> Iterator[None]:
    """Have SQLite write each commit to the disk itself; PostgreSQL does so anyway.

    Otherwise SQLite, in the mode in which it runs here, may lose the last ones when the machine stops.
    """
    # Within a transaction, that is, in tests, it cannot be changed.
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA synchronous").fetchone()[0]
        cursor.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={int(before)}")
