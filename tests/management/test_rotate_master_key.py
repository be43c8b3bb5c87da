"""`manage.py rotate_master_key`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agreements.core.secrets import key_ring
from agreements.grants.models import Link, Seal
from agreements.keys import master_keys
from agreements.ledger.models import LedgerEntry
from tests.grants.conftest import noon, scene, seconds, watching
from tests.grants.scene import Scene

__all__ = ["noon", "scene", "seconds", "watching"]
ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = bytes(range(32)), b"n" * 32
KEY = re.compile(r"[0-9]+:[A-Za-z0-9+/]{43}=")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def rotate(*arguments: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("rotate_master_key", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def manage(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    plain |= {"COUNTERSIGN_ENV_FILE": str(folder / ".env")} | more
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=plain, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_what_setup_wrote_gets_a_key_and_the_next_process_uses_it(tmp_path: Path) -> None:
    data = ["--database-url", f"sqlite:///{tmp_path / 'site.sqlite3'}", "--secrets-folder", str(tmp_path / "secrets")]
    assert manage(tmp_path, "setup", "--non-interactive", *data).returncode == 0
    file = tmp_path / "secrets" / "master_keys"
    done = manage(tmp_path, "rotate_master_key")
    assert done.returncode == 0, done.stderr
    assert f"Master key 2 was added to {file}" in done.stdout
    assert "Restart every process" in done.stdout
    assert not KEY.search(done.stdout + done.stderr)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [line.partition(":")[0] for line in file.read_text().split()] == ["1", "2"]
    asked = "from agreements.core.secrets import key_ring; print(key_ring(), key_ring().current)"
    assert "KeyRing(numbers=[1, 2]) 2" in manage(tmp_path, "shell", "--no-imports", "-c", asked).stdout


def test_a_line_of_the_environment_file_is_made_longer(tmp_path: Path) -> None:
    assert (
        manage(tmp_path, "setup", "--non-interactive", "--database-url", f"sqlite:///{tmp_path / 'd'}").returncode == 0
    )
    before = (tmp_path / ".env").read_text()
    assert manage(tmp_path, "rotate_master_key", "--dry-run").returncode == 0
    assert (tmp_path / ".env").read_text() == before
    assert manage(tmp_path, "rotate_master_key").returncode == 0
    assert manage(tmp_path, "rotate_master_key").returncode == 0
    (line,) = [line for line in (tmp_path / ".env").read_text().splitlines() if "MASTER_KEYS" in line]
    assert [item.partition(":")[0] for item in line.partition("=")[2].split(",")] == ["1", "2", "3"]


@pytest.mark.django_db
def test_keys_of_the_environment_are_printed_to_a_terminal_alone(settings: Any) -> None:
    settings.MASTER_KEYS_SOURCE = ("environment", "")
    with pytest.raises(CommandError, match="no terminal") as refused:
        rotate()
    assert not KEY.search(str(refused.value))
    for said in (rotate(out=Terminal()), rotate("--show-key")):
        assert len(KEY.findall(said)) == 1
        assert f",{key_ring().current + 1}:" in said
        assert "Restart every process" in said


@pytest.mark.django_db
def test_it_adds_nothing_while_a_key_is_wrong(settings: Any, tmp_path: Path) -> None:
    master_keys.confirm(1)
    (tmp_path / "keys").write_text("1:AAA=\n")
    settings.MASTER_KEYS, settings.MASTER_KEYS_SOURCE = {1: NEW}, ("file", str(tmp_path / "keys"))
    with pytest.raises(CommandError, match="not the one that was used before"):
        rotate()
    assert (tmp_path / "keys").read_text() == "1:AAA=\n"


def test_a_dry_run_counts_and_changes_nothing(scene: Scene, settings: Any) -> None:
    settings.MASTER_KEYS = {1: OLD, 2: NEW}
    said = rotate("--compromised", "1", "--dry-run")
    assert re.search(r"\b1 passwords are replaced", said)
    assert re.search(r"\b1 links end", said)
    assert (Seal.objects.get().ended_at, Link.objects.get().ended_at) == (None, None)
    assert not master_keys.compromised()


def test_it_asks_before_it_replaces_and_can_be_run_again(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MASTER_KEYS = {1: OLD, 2: NEW}
    answers = iter(["", "yes", "1"])
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))
    for _wrong in range(2):
        with pytest.raises(CommandError, match="Nothing was changed"):
            rotate("--compromised", "1")
    assert not master_keys.compromised()
    assert "Nothing that was made under key 1 opens anything" in rotate("--compromised", "1")
    assert re.search(r"\b0 passwords are replaced", rotate("--compromised", "1", "--yes"))
    assert LedgerEntry.objects.filter(kind="key.replaced").count() == 1


def test_without_a_newer_key_it_says_what_to_do_first(scene: Scene, settings: Any) -> None:
    settings.MASTER_KEYS = {1: OLD}
    with pytest.raises(CommandError, match="Add one first"):
        rotate("--compromised", "1", "--yes")


@pytest.mark.django_db
def test_with_one_key_alone_a_dry_run_says_how_much_hangs_on_it_before_it_refuses(scene: Scene, settings: Any) -> None:
    settings.MASTER_KEYS = {1: OLD}
    out = StringIO()
    with pytest.raises(CommandError, match="There is no newer key"):
        rotate("--compromised", "1", "--dry-run", out=out)
    assert "Master key 1, to be replaced by a new key:\n        1 passwords are replaced" in out.getvalue()
    assert not master_keys.compromised()
