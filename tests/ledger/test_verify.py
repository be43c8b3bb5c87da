"""What `verify` finds when somebody changed the record underneath."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.core import actors
from agreements.ledger import verify as verifying
from agreements.ledger.act import act
from agreements.ledger.chain import GENESIS
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject
from agreements.ledger.verify import verify
from tests.ledger.lifting import sql, triggers_lifted

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
TAMPERING: dict[str, tuple[list[str], int, str]] = {
    "one letter of an actor": ([f"UPDATE {TABLE} SET actor = 'system:testz' WHERE sequence = 3"], 3, "content"),
    "a kind": ([f"UPDATE {TABLE} SET kind = 'role.ended' WHERE sequence = 3"], 3, "content"),
    "a payload": (
        [f'UPDATE {TABLE} SET payload = \'{{"assigned_role": "steward"}}\' WHERE sequence = 3'],
        3,
        "content",
    ),
    "subjects": ([f'UPDATE {TABLE} SET subjects = \'{{"dataset": "other"}}\' WHERE sequence = 3'], 3, "content"),
    "a role": ([f"UPDATE {TABLE} SET role = 'steward' WHERE sequence = 3"], 3, "content"),
    "a time": ([f"UPDATE {TABLE} SET at = '2020-01-01 00:00:00' WHERE sequence = 3"], 3, "content"),
    "the first row": ([f"UPDATE {TABLE} SET actor = 'system:x' WHERE sequence = 1"], 1, "content"),
    "a hash": ([f"UPDATE {TABLE} SET hash = '{'a' * 64}' WHERE sequence = 3"], 3, "content"),
    "the name of the row before": (
        [f"UPDATE {TABLE} SET previous_hash = '{'a' * 64}' WHERE sequence = 3"],
        3,
        "before",
    ),
    "a row taken out": ([f"DELETE FROM {TABLE} WHERE sequence = 3"], 4, "removed"),
    "the tail cut": ([f"DELETE FROM {TABLE} WHERE sequence >= 4"], 4, "tail was cut"),
    "everything gone": ([f"DELETE FROM {TABLE}"], 1, "tail was cut"),
    "the tail cut, and the head with it": (
        [
            f"DELETE FROM {TABLE} WHERE sequence = 5",
            f"UPDATE agreements_ledgerhead SET sequence = 4, hash = (SELECT hash FROM {TABLE} WHERE sequence = 4)",
        ],
        5,
        "index of subjects names a row that is not there",
    ),
    "a row put behind the head": (
        [
            f"INSERT INTO {TABLE} (sequence, at, actor, role, kind, subjects, payload, previous_hash, hash) "
            f"SELECT 6, at, actor, role, kind, subjects, payload, hash, '{'b' * 64}' FROM {TABLE} WHERE sequence = 5"
        ],
        6,
        "behind the head",
    ),
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
        with pytest.raises(CommandError, match=f"BROKEN at row {row}:"):
            call_command("verify_ledger", stdout=StringIO())


def test_acts_that_go_on_meanwhile_do_not_break_the_verdict(five_rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "BATCH", 2)
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
