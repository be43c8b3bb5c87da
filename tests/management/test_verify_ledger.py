"""`manage.py verify_ledger`: where it begins, what it compares with, and the code it exits with."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.core import actors, clock
from agreements.ledger.chain import entry_hash
from agreements.ledger.checkpoints import make
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from tests.ledger.lifting import sql, triggers_lifted
from tests.ledger.rewriting import tail_cut, written_anew
from tests.ledger.test_verify import append

FIRST, SECOND = (dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC) for day in (2, 3))
JOB = actors.job("checkpoints")


@pytest.fixture
def kept(db: None, tmp_path: Path) -> list[str]:
    """Files with a checkpoint of three rows, made on the 2nd, and one of six, made on the 3rd; seven rows in all."""
    names = [str(tmp_path / "first.txt"), str(tmp_path / "second.txt")]
    for name, day, rows in zip(names, (FIRST, SECOND), (3, 2), strict=True):
        with clock.frozen(day):
            for number in range(rows):
                append(f"set-{number}")
            Path(name).write_text(make(by=JOB).text, "utf-8")
    return names


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_ledger", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as caught:
        told(*arguments)
    return caught.value.returncode, str(caught.value)


def test_it_begins_behind_a_row_a_date_or_a_checkpoint(kept: list[str]) -> None:
    hashes = dict(LedgerEntry.objects.values_list("sequence", "hash"))
    for asked, row in (("3", 3), ("2026-03-03", 4), ("2026-03-01", 0), (kept[0], 3), (kept[1], 6)):
        said = told("--since", asked)
        assert f"Trusted: row {row}, hash {hashes.get(row, '0' * 64)}" in said
        assert "The record holds: 7 rows" in said
    nothing = told("--since", "7")
    assert "No row was walked: none stands behind row 7." in nothing
    assert "holds" not in nothing
    assert "from row 4 on" in told("--since", "3", "--trusted", hashes[3])
    assert refused("--since", "3", "--trusted", hashes[4])[0] == 1


def test_what_is_before_it_is_trusted_and_not_looked_at(kept: list[str]) -> None:
    with triggers_lifted():
        sql("UPDATE agreements_ledgerentry SET actor = 'system:x' WHERE sequence = 2")
    assert refused() == (
        1,
        "BROKEN at row 2: its content does not match its hash: it was changed. The 1 rows before hold.",
    )
    assert "The record holds" in told("--since", kept[0])


def test_kept_checkpoints_find_a_chain_written_anew_to_within_their_interval(kept: list[str]) -> None:
    both = ["--checkpoint", kept[0], "--checkpoint", kept[1]]
    assert told(*both).count("Agrees with the checkpoint") == 2
    written_anew(5)
    assert "The record holds" in told()
    assert refused(*both)[1].startswith("BROKEN at row 4 to 6: row 6 is another one than at that time")
    assert refused("--checkpoint", kept[1])[1].startswith("BROKEN at row 1 to 6:")
    assert "The record holds" in told("--checkpoint", kept[0])


def test_a_kept_checkpoint_finds_a_cut_tail(kept: list[str]) -> None:
    tail_cut(4)
    assert "The record holds: 4 rows" in told("--checkpoint", kept[0])
    code, said = refused("--checkpoint", kept[1])
    assert (code, said.startswith("BROKEN at row 5: the record ends at row 4, before row 6")) == (1, True), said


def test_what_cannot_be_checked_has_a_code_of_its_own(kept: list[str], tmp_path: Path) -> None:
    changed = tmp_path / "changed.txt"
    changed.write_text(Path(kept[0]).read_text("utf-8").replace("rows: 3", "rows: 2"), "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    for arguments in (
        ["--since", "99"],
        ["--since", "nowhere"],
        ["--checkpoint", str(changed)],
        ["--since", str(changed)],
        ["--checkpoint", str(tmp_path / "empty.txt")],
        ["--checkpoint", str(tmp_path)],
    ):
        assert refused(*arguments)[0] == 2, arguments


@pytest.mark.django_db(transaction=True)
def test_ranges_walked_by_other_processes_are_joined_at_their_seams() -> None:
    for number in range(7):
        append(f"set-{number}")
    found = verify(processes=2)
    assert (found.rows, found.fault) == (7, "")
    with triggers_lifted():
        sql("UPDATE agreements_ledgerentry SET actor = 'system:x' WHERE sequence = 5")
    found = verify(processes=2)
    assert (found, found.sequence) == (verify(), 5)
    # A row at a seam that hashes right by itself, but is not the one that the next range names.
    written_anew(5)
    fresh = entry_hash(LedgerEntry.objects.get(sequence=4).body() | {"actor": "system:y"})
    with triggers_lifted():
        sql(f"UPDATE agreements_ledgerentry SET actor = 'system:y', hash = '{fresh}' WHERE sequence = 4")
    found = verify(processes=2)
    assert (found, found.sequence) == (verify(), 5)
