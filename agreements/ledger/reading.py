"""Rows as the verifier wants them: many at once, past the models, each with the canonical text that was hashed.

What a model would do for a row costs ten times what its hash does. The text is written from the parsed JSON, because
neither database keeps it as it was hashed: PostgreSQL orders keys by their length, Django puts spaces in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring as quote
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from agreements.ledger.chain import as_json

_COLUMNS: Final = "actor, role, kind, subjects, payload, previous_hash, hash"
_PARSE: Final = json.JSONDecoder().raw_decode
# What COPY escapes in its text format: PostgreSQL's manual, "COPY", File Formats.
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_PLAIN: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Row(NamedTuple):
    """`text` is what was hashed, or empty where the database holds something that is no JSON, or no text at all."""

    sequence: int
    text: bytes
    subjects: int
    previous_hash: str
    hash: str


def rows_between(after: int, until: int, *, most: int) -> list[Row]:
    """Return the rows after one sequence and up to another, in order, at most so many."""
    where = f"WHERE sequence > {int(after)} AND sequence <= {int(until)} ORDER BY sequence LIMIT {int(most)}"
    read = _read_postgresql if connection.vendor == "postgresql" else _read_sqlite
    return [_row(columns) for columns in read(where)]


def rows_off_the_index(after: int, until: int, *, subjects: int) -> bool:
    """Return whether the index of subjects says anything else than the rows between do, which name so many subjects."""
    span = f"> {int(after)} AND {{}} <= {int(until)}"
    entries, index = f"sequence {span.format('sequence')}", f"entry_id {span.format('entry_id')}"
    statement = _DIFFERENT_POSTGRESQL if connection.vendor == "postgresql" else _DIFFERENT_SQLITE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM agreements_ledgersubject WHERE {index}")  # noqa: S608 - two numbers
        if cursor.fetchone()[0] != subjects:
            return True
        if connection.vendor == "postgresql":
            # Of rows that were just written the planner knows nothing, and would compare each with each.
            cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(statement.format(entries=entries, index=index))
        return cursor.fetchone() is not None


_DIFFERENT_POSTGRESQL: Final = (
    "SELECT 1 FROM agreements_ledgerentry AS entry LEFT JOIN ("
    "SELECT entry_id, jsonb_object_agg(role, reference) AS named FROM agreements_ledgersubject WHERE {index} "
    "GROUP BY entry_id) AS found ON found.entry_id = entry.sequence "
    "WHERE {entries} AND entry.subjects IS DISTINCT FROM coalesce(found.named, '{{}}') LIMIT 1"
)
_DIFFERENT_SQLITE: Final = (
    "SELECT sequence, each.key, each.value FROM agreements_ledgerentry, json_each(subjects) AS each WHERE {entries} "
    "EXCEPT SELECT entry_id, role, reference FROM agreements_ledgersubject WHERE {index} LIMIT 1"
)


def _row(columns: Iterable[Any]) -> Row:
    sequence, at, actor, role, kind, subjects, payload, previous, own = columns
    try:
        about, count = _canonical(subjects)
        body, _fields = _canonical(payload)
        text = (
            f'{{"actor":{quote(actor)},"at":"{at}","kind":{quote(kind)},"payload":{body},"previous_hash":"{previous}",'
            f'"role":{quote(role)},"sequence":{sequence},"subjects":{about}}}'
        ).encode()
    except (ValueError, RecursionError):
        # Half a surrogate pair, which JSON can name, is no character: no row with one was ever hashed.
        return Row(int(sequence), b"", 0, previous, own)
    return Row(int(sequence), text, count, previous, own)


def _canonical(text: str) -> tuple[str, int]:
    """Return the canonical text of an object (see `chain.as_json`) and the number of its members. Raises ValueError."""
    value, end = _PARSE(text)
    if end != len(text) or type(value) is not dict:
        raise ValueError("no object")
    labels = _labels(tuple(value))
    members = [label + (quote(each) if type(each := value[name]) is str else _value(each)) for name, label in labels]
    return f"{{{','.join(members)}}}", len(members)


@lru_cache(maxsize=1_000)
def _labels(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the names in their order, each as it is written. Kinds are few, so are the sets of names."""
    return tuple((name, f"{quote(name)}:") for name in sorted(names))


def _value(value: Any) -> str:
    return str(value) if type(value) is int else as_json(value)


def _read_postgresql(where: str) -> Iterator[list[str]]:
    at = "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    query = f"SELECT sequence, {at}, {_COLUMNS} FROM agreements_ledgerentry {where}"  # noqa: S608 - numbers
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copied:
        lines = b"".join(copied).decode().split("\n")
    for line in lines[:-1]:
        columns = line.split("\t")
        yield [_unescaped(column) for column in columns] if "\\" in line else columns


def _unescaped(column: str) -> str:
    return _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), column)


def _read_sqlite(where: str) -> Iterator[list[Any]]:
    # Joined to an empty text, a column loses its declared type, and the driver leaves it as it is.
    plain = ", ".join(f"{column} || ''" for column in ("at", *_COLUMNS.split(", ")))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sequence, {plain} FROM agreements_ledgerentry {where}")  # noqa: S608 - numbers
        for sequence, at, *rest in cursor.fetchall():
            # Django leaves out the microseconds where they are 0.
            yield [sequence, f"{at[:10]}T{at[11:]}{'' if '.' in at else '.'}".ljust(26, "0") + "Z", *rest]
