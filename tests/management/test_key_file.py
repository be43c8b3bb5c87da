"""Adding a key to a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agreements.management import key_file

ITEM = "2:" + "B" * 43 + "="


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_key_file_gets_a_line_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("1:AAA=")
    file.chmod(0o640)
    assert key_file.add(("file", str(file)), ITEM) == file
    assert file.read_text() == f"1:AAA=\n{ITEM}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert names(tmp_path) == ["keys"]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("COUNTERSIGN_MASTER_KEYS=1:AAA=", f"COUNTERSIGN_MASTER_KEYS=1:AAA=,{ITEM}"),
        ("export COUNTERSIGN_MASTER_KEYS='1:AAA='", f"export COUNTERSIGN_MASTER_KEYS='1:AAA=,{ITEM}'"),
        ('COUNTERSIGN_MASTER_KEYS = "1:AAA=" ', f'COUNTERSIGN_MASTER_KEYS = "1:AAA=,{ITEM}" '),
    ],
)
def test_a_line_of_the_environment_file_gets_longer_and_the_rest_stays(tmp_path: Path, line: str, after: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# secret\nCOUNTERSIGN_MASTER_KEYS_OLD=x\n{line}\nOTHER='a b'\n")
    file.chmod(0o600)
    key_file.add(("line", str(file)), ITEM)
    assert file.read_text() == f"# secret\nCOUNTERSIGN_MASTER_KEYS_OLD=x\n{after}\nOTHER='a b'\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_to_the_file_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "keys", tmp_path / "link"
    file.write_text("1:AAA=\n")
    link.symlink_to(file)
    key_file.add(("file", str(link)), ITEM)
    assert link.is_symlink()
    assert ITEM in file.read_text()


def test_where_it_cannot_write_it_says_so_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("1:AAA=\n")
    (tmp_path / ".keys.new").touch()
    refused = [("environment", ""), ("file", str(tmp_path / "gone")), ("file", str(file)), ("line", str(file))]
    for source in refused:
        with pytest.raises(key_file.CannotWrite) as why:
            key_file.add(source, ITEM)
        assert ITEM not in str(why.value)
    assert file.read_text() == "1:AAA=\n"
    assert (tmp_path / ".keys.new").exists(), "another run's draft"


def test_an_interrupted_write_leaves_the_file_whole_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    file.write_text("1:AAA=\n")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(key_file.CannotWrite, match="No space left"):
        key_file.add(("file", str(file)), ITEM)
    assert (file.read_text(), names(tmp_path)) == ("1:AAA=\n", ["keys"])
