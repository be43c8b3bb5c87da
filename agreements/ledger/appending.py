"""Putting an act's rows behind the chain's head, with as few words to the database as can be.

Between locking the head and the commit nobody else can append, so that everything said to the database meanwhile
bounds how many acts a second all processes together can do: here it is one statement on PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from agreements.ledger.chain import GENESIS, as_json, canonical, entry_hash


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that has no place in the chain yet; `subjects` and `payload` were checked."""

    at: dt.datetime
    actor: str
    role: str
    kind: str
    subjects: dict[str, str]
    payload: dict[str, Any]


def append(rows: list[NewRow]) -> None:
    """Lock the head, append the rows behind it in their order, and move it. Within the caller's transaction."""
    with connection.cursor() as cursor:
        sequence, last = _lock_head(cursor)
        entries, subjects = [], []
        for row in rows:
            sequence += 1
            body = canonical(
                sequence=sequence,
                at=row.at,
                actor=row.actor,
                role=row.role,
                kind=row.kind,
                subjects=row.subjects,
                payload=row.payload,
                previous_hash=last,
            )
            previous, last = last, entry_hash(body)
            texts = as_json(row.subjects), as_json(row.payload)
            at = connection.ops.adapt_datetimefield_value(row.at)
            entries.append((sequence, at, row.actor, row.role, row.kind, *texts, previous, last))
            subjects += [(sequence, role, reference) for role, reference in row.subjects.items()]
        write = _write_postgresql if connection.vendor == "postgresql" else _write_sqlite
        write(cursor, entries, subjects, (sequence, last))


def _lock_head(cursor: CursorWrapper) -> tuple[int, str]:
    # On SQLite the transaction holds the whole database from its beginning.
    suffix = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    for _attempt in range(2):
        cursor.execute(f"SELECT sequence, hash FROM agreements_ledgerhead WHERE id = 1{suffix}")  # noqa: S608 - a word
        if (found := cursor.fetchone()) is not None:
            return int(found[0]), str(found[1])
        cursor.execute(
            "INSERT INTO agreements_ledgerhead (id, sequence, hash) VALUES (1, 0, %s) ON CONFLICT DO NOTHING", [GENESIS]
        )
    raise RuntimeError("the head of the ledger cannot be made")


_ENTRY: Final = "(sequence, at, actor, role, kind, subjects, payload, previous_hash, hash)"
_TYPES: Final = ("bigint", "timestamptz", "text", "text", "text", "jsonb", "jsonb", "text", "text")
_WRITE: Final = f"""
WITH fresh {_ENTRY} AS ({{rows}}),
     moved AS (UPDATE agreements_ledgerhead SET sequence = %s, hash = %s WHERE id = 1),
     named AS (
         INSERT INTO agreements_ledgersubject (entry_id, role, reference)
         SELECT sequence, each.key, each.value FROM fresh, jsonb_each_text(subjects) AS each
     )
INSERT INTO agreements_ledgerentry {_ENTRY} SELECT * FROM fresh
"""  # noqa: S608 - constants
_WRITE_ONE: Final = _WRITE.format(rows=f"VALUES ({', '.join(f'%s::{each}' for each in _TYPES)})")
_WRITE_MANY: Final = _WRITE.format(rows=f"SELECT * FROM unnest({', '.join(f'%s::{each}[]' for each in _TYPES)})")  # noqa: S608


def _write_postgresql(
    cursor: CursorWrapper, entries: list[tuple[Any, ...]], _subjects: list[tuple[Any, ...]], head: tuple[int, str]
) -> None:
    statement, columns = _WRITE_MANY, [list(column) for column in zip(*entries, strict=True)]
    if len(entries) == 1:
        statement, columns = _WRITE_ONE, list(entries[0])
    # Bound by the server and prepared, which Django's cursors do not do: parsing it costs more than carrying it out.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as plain:
        plain.execute(statement, [*columns, *head], prepare=True)


def _write_sqlite(
    cursor: CursorWrapper, entries: list[tuple[Any, ...]], subjects: list[tuple[Any, ...]], head: tuple[int, str]
) -> None:
    places = ", ".join(["%s"] * len(entries[0]))
    cursor.executemany(f"INSERT INTO agreements_ledgerentry {_ENTRY} VALUES ({places})", entries)  # noqa: S608
    cursor.executemany("INSERT INTO agreements_ledgersubject (entry_id, role, reference) VALUES (%s, %s, %s)", subjects)
    cursor.execute("UPDATE agreements_ledgerhead SET sequence = %s, hash = %s WHERE id = 1", head)
