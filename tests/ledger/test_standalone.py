"""The verifier that somebody else runs: the standard library alone, on exports good and tampered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command

from agreements.core import actors
from agreements.ledger import verify_record
from agreements.ledger.chain import as_json, entry_hash
from agreements.ledger.checkpoint_text import Checkpoint
from agreements.ledger.checkpoints import make
from tests.ledger.rewriting import tail_cut, written_anew
from tests.ledger.test_verify import append

pytestmark = pytest.mark.django_db
VERIFIER = Path(verify_record.__file__)


@pytest.fixture
def folder(db: None, tmp_path: Path) -> Path:
    """A folder with a checkpoint of five rows (`kept.txt`) and the export of seven (`record.jsonl`)."""
    for number in range(4):
        append(f"set-{number}")
    append("Datensätze 数据 “\\u0000”")
    (tmp_path / "kept.txt").write_text(f"Good day,\n\n> {'> '.join(kept().text.splitlines(keepends=True))}", "utf-8")
    append("later")
    export(tmp_path)
    return tmp_path


def kept() -> Checkpoint:
    return make(by=actors.job("checkpoints"))


def export(folder: Path) -> None:
    (folder / "record.jsonl").unlink(missing_ok=True)
    call_command("export_ledger", str(folder / "record.jsonl"), stdout=StringIO())


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run it as an expert would: no site packages, nothing of ours on the path."""
    command = [sys.executable, "-I", "-S", str(VERIFIER), *arguments]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_good_export_holds(folder: Path) -> None:
    code, said = run(folder, "record.jsonl", "--checkpoint", "kept.txt")
    assert (code, "The record holds: 7 rows" in said, "Agrees with the checkpoint" in said) == (0, True, True), said


def test_without_a_checkpoint_it_says_what_it_cannot_tell(folder: Path) -> None:
    written_anew(2)
    export(folder)
    code, said = run(folder, "record.jsonl")
    assert (code, "written anew as a whole looks the same" in said) == (0, True), said
    code, said = run(folder, "record.jsonl", "--checkpoint", "kept.txt")
    assert (code, "BROKEN at rows 1 to 5: row 5 is another one" in said) == (1, True), said


def test_a_cut_tail_is_found_with_a_checkpoint(folder: Path) -> None:
    tail_cut(3)
    export(folder)
    code, said = run(folder, "record.jsonl", "--checkpoint", "kept.txt")
    assert (code, "BROKEN at row 4: the export ends at row 3" in said) == (1, True), said


Lines = list[str]


def changed_byte(lines: Lines) -> Lines:
    return [*lines[:2], lines[2].replace("set-2", "set-9"), *lines[3:]]


def renumbered(lines: Lines) -> Lines:
    rows = [json.loads(line) for line in lines]
    kept = rows[:2] + [row | {"sequence": row["sequence"] - 1} for row in rows[3:]]
    return [as_json(row) for row in kept]


def put_in(lines: Lines) -> Lines:
    row: dict[str, Any] = json.loads(lines[2])
    fresh = {name: value for name, value in row.items() if name != "hash"} | {"actor": "system:x"}
    return [*lines[:2], as_json(fresh | {"hash": entry_hash(fresh)}), *lines[3:]]


TAMPERED: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "a byte changed": (changed_byte, "row 3: its content does not match its hash"),
    "a row removed": (lambda lines: lines[:2] + lines[3:], "row 3: is missing; row 4 stands in its place"),
    "a row removed and the rest renumbered": (renumbered, "row 3: its content does not match its hash"),
    "a row in place of another": (put_in, "row 4: names another row before it than row 3"),
    "a row twice": (lambda lines: [*lines[:3], lines[2], *lines[3:]], "row 3: stands behind row 3"),
    "two rows swapped": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "row 2: is missing"),
    "subjects in another order": (
        lambda lines: [lines[0].replace('{"actor"', '{ "actor"'), *lines[1:]],
        "row 1: is not written in the canonical way",
    ),
    "a name twice": (
        lambda lines: [lines[0].replace('"role":', '"role":"steward","role":'), *lines[1:]],
        "line 1: cannot be read: a name stands twice",
    ),
    "something else": (lambda lines: [*lines[:2], "[]", *lines[2:]], "line 3: is not a row of a record"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_done_to_an_export_is_found_and_the_first_wrong_row_named(folder: Path, what: str) -> None:
    tamper, words = TAMPERED[what]
    path = folder / "record.jsonl"
    path.write_text("\n".join(tamper(path.read_text("utf-8").splitlines())) + "\n", "utf-8")
    code, said = run(folder, "record.jsonl")
    assert (code, f"BROKEN at {words}" in said) == (1, True), said


def test_a_part_is_checked_row_by_row_and_says_so(folder: Path) -> None:
    path = folder / "record.jsonl"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([lines[1], lines[2], lines[5]]) + "\n", "utf-8")
    code, said = run(folder, "record.jsonl", "--part")
    assert (code, "Each of the 3 rows matches its hash; rows are left out at 2 places" in said) == (0, True), said
    assert run(folder, "record.jsonl", "--part", "--checkpoint", "kept.txt")[0] == 2
    path.write_text("\n".join(changed_byte(lines)), "utf-8")
    assert run(folder, "record.jsonl", "--part")[0] == 1


@pytest.mark.parametrize("line", ["site", "rows", "head", "made", "public key", "signature"])
def test_a_checkpoint_that_was_changed_proves_nothing(folder: Path, line: str) -> None:
    text = (folder / "kept.txt").read_text("utf-8")
    at = text.index(f"{line}: ") + len(line) + 2
    (folder / "kept.txt").write_text(text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :], "utf-8")
    code, said = run(folder, "record.jsonl", "--checkpoint", "kept.txt")
    assert (code, "Cannot be checked" in said) == (2, True), said


def test_the_expected_key_can_be_named(folder: Path) -> None:
    right = next(line.split(": ")[1] for line in kept().text.splitlines() if line.startswith("public key"))
    assert run(folder, "record.jsonl", "--checkpoint", "kept.txt", "--key", right.upper())[0] == 0
    assert run(folder, "record.jsonl", "--checkpoint", "kept.txt", "--key", "0" * 64)[0] == 2


@pytest.mark.parametrize("key", ["", "ab", "0" * 63, "x" * 64, f"{'0' * 64}\n"])
def test_a_key_that_is_none_is_refused_and_not_left_out(folder: Path, key: str) -> None:
    code, said = run(folder, "record.jsonl", "--checkpoint", "kept.txt", "--key", key)
    assert code == 2
    assert "--key" in said


@pytest.mark.parametrize("value", ['"\\ud800"', "[" * 100_000 + "]" * 100_000], ids=["half a character", "too deep"])
def test_a_line_that_can_be_no_text_is_named(folder: Path, value: str) -> None:
    lines = (folder / "record.jsonl").read_text(encoding="utf-8").split("\n")
    lines[1] = re.sub(r'"payload":\{[^}]*\}', lambda _: f'"payload":{{"a":{value}}}', lines[1])
    (folder / "other.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, said = run(folder, "other.jsonl")
    assert code == 1
    assert "BROKEN at row 2" in said or "BROKEN at line 2" in said
    assert "Traceback" not in said


def test_files_that_are_not_there_cannot_be_checked(folder: Path) -> None:
    assert run(folder, "nothing.jsonl")[0] == 2
    assert run(folder, "record.jsonl", "--checkpoint", "record.jsonl")[0] == 2


@pytest.mark.parametrize("size", [0, 1, 64, 1000])
def test_its_ed25519_agrees_with_another_implementation(size: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes([size % 256] * 32))
    public, message = key.public_key().public_bytes_raw(), bytes(range(256)) * 4
    signature = key.sign(message[:size])
    assert verify_record.verify_ed25519(public, message[:size], signature)
    assert not verify_record.verify_ed25519(public, message[:size] + b"x", signature)
    assert not verify_record.verify_ed25519(public, message[:size], signature[:63] + b"\xff")
    # RFC 8032, 5.1.7: an s that is not below the group's order is refused, else signatures could be varied.
    larger = int.from_bytes(signature[32:], "little") + verify_record.L
    assert not verify_record.verify_ed25519(public, message[:size], signature[:32] + larger.to_bytes(32, "little"))


def test_the_vector_of_the_standard() -> None:
    # RFC 8032, 7.1, TEST 3
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verify_record.verify_ed25519(public, bytes.fromhex("af82"), signature)
