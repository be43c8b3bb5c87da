"""The ledger cannot be changed by the database's own means, on either database, after all migrations."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from agreements.core import actors
from agreements.ledger import triggers
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerSubject
from tests.ledger.lifting import expected, installed, sql, triggers_lifted

pytestmark = pytest.mark.django_db
JOB = actors.job("tests")
TABLE = "agreements_ledgerentry"
COLUMNS = "sequence, at, actor, role, kind, subjects, payload, previous_hash, hash"


@pytest.fixture
def three_rows(db: None) -> None:
    for number in range(3):
        with act() as record:
            record.record(
                Kind.ROLE_GIVEN,
                by=JOB,
                as_role="system",
                subjects={"dataset": f"set-{number}"},
                assigned_role="reviewer",
            )


def everything() -> list[dict[str, object]]:
    rows = [*LedgerEntry.objects.order_by("sequence").values(), *LedgerSubject.objects.order_by("pk").values()]
    return [dict(row) for row in rows]


def refused(statement: str) -> bool:
    """Tell whether the triggers refused a statement; whatever refused it, nothing may have changed."""
    before = everything()
    said = ""
    try:
        with transaction.atomic():
            sql(statement)
    except DatabaseError as error:
        said = str(error)
    return "append-only" in said and everything() == before


def copy_of_row(number: int, **replaced: str) -> str:
    values = ", ".join(replaced.get(column, column) for column in COLUMNS.split(", "))
    return f"({COLUMNS}) SELECT {values} FROM {TABLE} WHERE sequence = {number}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agreements_ledgersubject SET reference = 'hidden'",
        "DELETE FROM agreements_ledgersubject WHERE entry_id = 2",
        f"UPDATE {TABLE} SET kind = 'role.ended' WHERE sequence = 2",
        f"UPDATE {TABLE} SET kind = kind",
        f"DELETE FROM {TABLE} WHERE sequence = 3",
        f"DELETE FROM {TABLE}",
    ],
)
def test_update_and_delete_are_refused(three_rows: None, statement: str) -> None:
    assert refused(statement)


def test_a_used_sequence_cannot_be_inserted_again(three_rows: None) -> None:
    before = list(LedgerEntry.objects.values())
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(f"INSERT INTO {TABLE} {copy_of_row(2, hash=repr('f' * 64))}")
    assert list(LedgerEntry.objects.values()) == before


def test_what_a_database_alone_knows_is_refused_too(three_rows: None) -> None:
    fresh = repr("f" * 64)
    statements = {
        "postgresql": [f"TRUNCATE {TABLE}", f"TRUNCATE {TABLE} CASCADE"],
        "sqlite": [
            f"INSERT OR REPLACE INTO {TABLE} {copy_of_row(2, hash=fresh)}",
            f"REPLACE INTO {TABLE} {copy_of_row(2, hash=fresh)}",
            # A new sequence that meets an old row in its hash, or in SQLite's hidden rowid.
            f"INSERT OR REPLACE INTO {TABLE} {copy_of_row(2, sequence='99')}",
            f"INSERT OR REPLACE INTO {TABLE} (rowid, {COLUMNS}) "
            f"SELECT rowid, 99, at, actor, role, kind, subjects, payload, previous_hash, {fresh} "
            f"FROM {TABLE} WHERE sequence = 2",
            "INSERT OR REPLACE INTO agreements_ledgersubject (entry_id, role, reference) VALUES (2, 'dataset', 'x')",
            f"UPDATE OR REPLACE {TABLE} SET sequence = 1 WHERE sequence = 2",
        ],
    }[connection.vendor]
    assert [statement for statement in statements if not refused(statement)] == []


def test_every_trigger_is_in_the_catalogue_after_all_migrations() -> None:
    assert expected() <= installed()
    assert set(triggers.APPEND_ONLY) == {
        "agreements_ledgerentry",
        "agreements_ledgersubject",
        "agreements_downloadopened",
        "agreements_downloadclosed",
    }


def test_a_lifted_trigger_is_missed_in_the_catalogue() -> None:
    with triggers_lifted():
        assert not expected() & installed()
    assert expected() <= installed()
