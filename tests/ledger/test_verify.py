"""What `verify` finds when somebody changed the record underneath."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, connection, transaction

from agreements.core import actors
from agreements.core.errors import Invalid
from agreements.ledger import walking
from agreements.ledger.act import act
from agreements.ledger.chain import GENESIS, entry_hash
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject
from agreements.ledger.verify import verify
from tests.ledger.lifting import sql, triggers_lifted
from tests.ledger.rewriting import written_anew

pytestmark = pytest.mark.django_db
JOB = actors.job("tests")


def append(subject: str = "genebody") -> None:
    with act() as record:
        record.record(
            Kind.ROLE_GIVEN, by=JOB, as_role="system", subjects={"dataset": subject}, assigned_role="reviewer"
        )


@pytest.fixture
def five_rows(db: None) -> None:
    for number in range(5):
        append(f"set-{number}")


def test_an_untouched_record_holds(five_rows: None) -> None:
    verdict = verify()
    assert verdict.holds
    assert (verdict.rows, verdict.head_hash) == (5, LedgerEntry.objects.get(sequence=5).hash)


def test_an_empty_record_holds() -> None:
    assert (verify().holds, verify().rows, verify().head_hash) == (True, 0, GENESIS)


TABLE = "agreements_ledgerentry"
COLUMNS = "at, actor, role, kind, subjects, payload, previous_hash, hash"
AWAY = 1_000_000
"""Renumbering goes by way of numbers that are free."""


def moved(number: int, *, to: int) -> str:
    return f"UPDATE {TABLE} SET sequence = {to} WHERE sequence = {number}"


def hash_of(number: int, **changed: object) -> str:
    """Return what an attacker who knows the format computes for a row that they changed."""
    return entry_hash(LedgerEntry.objects.get(sequence=number).body() | changed)


def head_follows() -> str:
    newest = f"SELECT {{}} FROM {TABLE} ORDER BY sequence DESC LIMIT 1"
    return (
        f"UPDATE agreements_ledgerhead SET sequence = ({newest.format('sequence')}), hash = ({newest.format('hash')})"
    )


def copied(number: int, *, to: int, own_hash: str) -> str:
    values = COLUMNS.replace("hash", f"'{own_hash}'").replace(f"previous_'{own_hash}'", "previous_hash")
    return f"INSERT INTO {TABLE} (sequence, {COLUMNS}) SELECT {to}, {values} FROM {TABLE} WHERE sequence = {number}"


TAMPERING: dict[str, tuple[list[str], int, str]] = {
    "one letter of an actor": ([f"UPDATE {TABLE} SET actor = 'system:testz' WHERE sequence = 3"], 3, "changed"),
    "a kind": ([f"UPDATE {TABLE} SET kind = 'role.ended' WHERE sequence = 3"], 3, "changed"),
    "a payload": (
        [f'UPDATE {TABLE} SET payload = \'{{"assigned_role": "steward"}}\' WHERE sequence = 3'],
        3,
        "changed",
    ),
    "a number in place of a text": (
        [f"UPDATE {TABLE} SET payload = '{{\"assigned_role\": 7}}' WHERE sequence = 3"],
        3,
        "changed",
    ),
    "subjects": ([f'UPDATE {TABLE} SET subjects = \'{{"dataset": "other"}}\' WHERE sequence = 3'], 3, "changed"),
    "a role": ([f"UPDATE {TABLE} SET role = 'steward' WHERE sequence = 3"], 3, "changed"),
    "a time": ([f"UPDATE {TABLE} SET at = '2020-01-01 00:00:00' WHERE sequence = 3"], 3, "changed"),
    "the first row": ([f"UPDATE {TABLE} SET actor = 'system:x' WHERE sequence = 1"], 1, "changed"),
    "a hash": ([f"UPDATE {TABLE} SET hash = '{'a' * 64}' WHERE sequence = 3"], 3, "changed"),
    "the name of the row before": (
        [f"UPDATE {TABLE} SET previous_hash = '{'a' * 64}' WHERE sequence = 3"],
        3,
        "changed",
    ),
    "a row taken out": ([f"DELETE FROM {TABLE} WHERE sequence = 3"], 3, "is missing: it was removed"),
    "the first row taken out": ([f"DELETE FROM {TABLE} WHERE sequence = 1"], 1, "is missing: it was removed"),
    "three rows taken out": (
        [f"DELETE FROM {TABLE} WHERE sequence IN (2, 3, 4)"],
        2,
        "is missing: rows 2 to 4 were removed",
    ),
    "a row taken out, and the gap closed": (
        [f"DELETE FROM {TABLE} WHERE sequence = 3", moved(4, to=3), moved(5, to=4), head_follows()],
        3,
        "was removed: the row that stands there was written as row 4",
    ),
    "two rows swapped": (
        [moved(2, to=AWAY), moved(4, to=2), moved(AWAY, to=4)],
        2,
        "and row 4 were swapped",
    ),
    "two neighbours swapped": (
        [moved(3, to=AWAY), moved(4, to=3), moved(AWAY, to=4)],
        3,
        "and row 4 were swapped",
    ),
    "a row put in between": (
        [moved(5, to=6), moved(4, to=5), moved(3, to=4), copied(4, to=3, own_hash="c" * 64), head_follows()],
        3,
        "was inserted: the row that had this number stands behind it",
    ),
    "a row before the first": ([copied(1, to=0, own_hash="c" * 64)], 0, "not written by an act"),
    "the tail cut": ([f"DELETE FROM {TABLE} WHERE sequence >= 4"], 4, "tail was cut"),
    "everything gone": ([f"DELETE FROM {TABLE}"], 1, "tail was cut"),
    "the tail cut, and the head with it": (
        [f"DELETE FROM {TABLE} WHERE sequence = 5", head_follows()],
        5,
        "index of subjects names a row that is not there",
    ),
    "a row put behind the head": ([copied(5, to=6, own_hash="b" * 64)], 6, "behind the head"),
    "the head's hash": ([f"UPDATE agreements_ledgerhead SET hash = '{'c' * 64}'"], 6, "head"),
    "the index, pointing elsewhere": (
        ["UPDATE agreements_ledgersubject SET reference = 'hidden' WHERE entry_id = 2"],
        2,
        "index of subjects",
    ),
    "the index, a line for a row that never was": (
        ["INSERT INTO agreements_ledgersubject (entry_id, role, reference) VALUES (-7, 'dataset', 'set-1')"],
        -7,
        "index of subjects names a row that is not there",
    ),
    "the index, a second line": (
        ["INSERT INTO agreements_ledgersubject (entry_id, role, reference) VALUES (3, 'person', 'set-1')"],
        3,
        "index of subjects",
    ),
    "the index, a line gone": (["DELETE FROM agreements_ledgersubject WHERE entry_id = 2"], 2, "index of subjects"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_change_underneath_is_found_and_its_row_named(five_rows: None, what: str) -> None:
    statements, row, words = TAMPERING[what]
    with triggers_lifted():
        for statement in statements:
            assert sql(statement)
        verdict = verify()
        assert not verdict.holds
        assert (verdict.sequence, words in verdict.fault) == (row, True), verdict
        assert verify(until=max(row - 1, 0)).holds or row <= 0
        with pytest.raises(CommandError, match=f"BROKEN at row {row}:"):
            call_command("verify_ledger", stdout=StringIO())


def test_a_row_with_half_a_character_is_named(five_rows: None) -> None:
    half = f"""UPDATE {TABLE} SET payload = '{{"a":"\\ud800"}}' WHERE sequence = 3"""
    with triggers_lifted():
        if connection.vendor == "postgresql":
            with pytest.raises(DataError), transaction.atomic():
                sql(half)
            return
        assert sql(half)
        verdict = verify()
        assert (verdict.rows, verdict.sequence) == (2, 3)
        assert "not what was written" in verdict.fault
        with pytest.raises(CommandError, match="BROKEN at row 3:"):
            call_command("verify_ledger", stdout=StringIO())


def test_a_row_with_a_right_hash_of_its_own_is_found_at_the_row_that_names_the_one_it_replaced(five_rows: None) -> None:
    with triggers_lifted():
        sql(f"UPDATE {TABLE} SET actor = 'system:x', hash = '{hash_of(3, actor='system:x')}' WHERE sequence = 3")
        verdict = verify()
    assert verdict.sequence == 4
    assert "row 3, or more up to it, was put in place of another" in verdict.fault


def test_an_inserted_row_with_a_right_hash_of_its_own_is_named(five_rows: None) -> None:
    fresh = hash_of(3, actor="system:x")
    with triggers_lifted():
        for statement in (moved(5, to=6), moved(4, to=5), moved(3, to=4)):
            sql(statement)
        sql(copied(4, to=3, own_hash=fresh))
        sql(f"UPDATE {TABLE} SET actor = 'system:x' WHERE sequence = 3")
        sql(head_follows())
        verdict = verify()
    assert (verdict.sequence, "was inserted" in verdict.fault) == (3, True), verdict


def test_a_chain_that_was_written_anew_holds_by_itself(five_rows: None) -> None:
    written_anew(3)
    assert verify().holds


def test_what_is_trusted_is_not_looked_at(five_rows: None) -> None:
    with triggers_lifted():
        sql(f"UPDATE {TABLE} SET actor = 'system:x' WHERE sequence = 2")
        assert verify(since=1).sequence == 2
        assert (verify(since=2).rows, verify(since=2).fault) == (5, "")
        sql("DELETE FROM agreements_ledgersubject WHERE entry_id = 2")
        assert verify(since=2).holds
        assert verify(since=5).holds
    with pytest.raises(Invalid, match="no row 6"):
        verify(since=6)


def test_acts_that_go_on_meanwhile_do_not_break_the_verdict(five_rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "BATCH", 2)
    done = []

    def progress(rows: int) -> None:
        done.append(rows)
        append("meanwhile")

    verdict = verify(progress)
    assert (verdict.holds, verdict.rows, done) == (True, 5, [2, 4])
    assert LedgerEntry.objects.count() == 7


def test_the_command_prints_rows_and_head(five_rows: None) -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    head = LedgerHead.objects.get()
    assert out.getvalue() == f"The record holds: 5 rows, head {head.hash}\n"


def _to_file(folder: Path) -> str:
    call_command("export_ledger", str(folder / "record.jsonl"), stdout=StringIO())
    return (folder / "record.jsonl").read_text(encoding="utf-8")


def _to_output(_folder: Path) -> str:
    out = StringIO()
    call_command("export_ledger", stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("export", [_to_file, _to_output])
def test_an_export_can_be_checked_with_the_standard_library_alone(
    five_rows: None, tmp_path: Path, export: Callable[[Path], str]
) -> None:
    append("Datensätze 数据")
    previous = GENESIS
    lines = export(tmp_path).splitlines()
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        own = row.pop("hash")
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert (row["sequence"], row["previous_hash"]) == (number, previous)
        assert sha256(text.encode()).hexdigest() == own
        previous = own
    assert len(lines) == 6


def test_an_export_never_writes_over_a_file(five_rows: None, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(CommandError, match="exists"):
        call_command("export_ledger", str(tmp_path / "kept"), stdout=StringIO())
    assert (tmp_path / "kept").read_text() == "kept"


def test_the_index_has_a_line_for_every_subject(five_rows: None) -> None:
    assert LedgerSubject.objects.count() == 5
