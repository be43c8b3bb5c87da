"""`manage.py setup` as an operator runs it: in a process of its own, on an empty folder, twice."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal import environment_file, first_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def manage(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    plain["COUNTERSIGN_ENV_FILE"] = str(folder / ".env")
    plain["COUNTERSIGN_SIGNING_KEY"] = str(folder / "keys" / "signing-key.p12")
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=plain, input=typed, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def options(folder: Path, *more: str) -> list[str]:
    return [
        "setup", "--non-interactive", "--database-url", f"sqlite:///{folder / 'data' / 'site.sqlite3'}",
        "--site-url", "https://data.lab.example", "--smtp-host", "127.0.0.1", "--smtp-port", "9", *more,
    ]  # fmt: skip


def keys(folder: Path) -> dict[str, str]:
    return {name: value for name, value in environment_file.read(folder / ".env").items() if "KEY" in name}


def test_it_sets_up_from_nothing_and_again_without_changing_a_key(folder: Path) -> None:
    first = manage(folder, *options(folder, "--administrator", "dan@lab.example", "--test-mail", "dan@lab.example"))
    assert first.returncode == 0, first.stderr
    made = keys(folder)
    assert set(made) == {"COUNTERSIGN_SECRET_KEY", "COUNTERSIGN_MASTER_KEYS"}
    again = manage(folder, *options(folder, "--administrator", "dan@lab.example"))
    assert again.returncode == 0, again.stderr
    assert keys(folder) == made
    count = "from django.core.cache import cache; cache.set('a', 1); print('cached', cache.get('a'))"
    assert "cached 1" in manage(folder, "shell", "--no-imports", "-c", count).stdout, "rate limits have their table"
    said = first.stdout + first.stderr + again.stdout + again.stderr
    assert not any(value.removeprefix("1:") in said for value in made.values())
    assert "Site administrator: dan@lab.example" in first.stdout
    assert "Mail: not sent" in first.stderr
    assert "make mail work" in first.stdout
    assert "keep a copy of the master keys" in first.stdout
    env = environment_file.read(folder / ".env")
    assert env["COUNTERSIGN_SITE_URL"] == "https://data.lab.example"
    assert env["COUNTERSIGN_ALLOWED_HOSTS"].startswith("data.lab.example,")
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_it_makes_a_signing_key_that_its_passphrase_opens_and_keeps_it(folder: Path) -> None:
    first = manage(folder, *options(folder))
    assert first.returncode == 0, first.stderr
    file = folder / "keys" / "signing-key.p12"
    made = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = manage(folder, "make_signing_key", "--if-missing")  # as the second set-up does
    assert again.returncode == 0, again.stderr
    assert file.read_bytes() == made
    checked = manage(folder, "make_signing_key", "--check")
    assert checked.returncode == 0, checked.stderr
    assert "The signing key can be used." in checked.stdout
    assert "CN=data.lab.example" in checked.stdout
    passphrase = environment_file.read(folder / ".env")["COUNTERSIGN_SIGNING_PASSPHRASE"]
    said = "".join(done.stdout + done.stderr for done in (first, again, checked))
    assert passphrase not in said
    assert "no signing key" not in said
    assert str(file) in first.stdout


def test_what_came_before_the_signing_key_gets_a_passphrase_when_it_is_served(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / ".env"
    path.write_text("COUNTERSIGN_SECRET_KEY=mine\n")
    monkeypatch.setenv("COUNTERSIGN_ENV_FILE", str(path))
    monkeypatch.setenv("COUNTERSIGN_SECRET_KEY", "mine")
    monkeypatch.setenv(first_run.SIGNING_PASSPHRASE, "undone after the test")
    monkeypatch.delenv(first_run.SIGNING_PASSPHRASE)
    first_run.complete()
    written = environment_file.read(path)
    assert len(written[first_run.SIGNING_PASSPHRASE]) > 40
    assert os.environ[first_run.SIGNING_PASSPHRASE] == written[first_run.SIGNING_PASSPHRASE]
    first_run.complete()
    assert environment_file.read(path) == written


def test_without_a_file_of_settings_none_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_ENV_FILE", str(folder / ".env"))
    monkeypatch.delenv(first_run.SIGNING_PASSPHRASE)
    first_run.complete()
    assert not (folder / ".env").exists()
    assert first_run.SIGNING_PASSPHRASE not in os.environ


def test_an_option_against_a_line_that_is_there_is_refused_and_not_dropped(folder: Path) -> None:
    (folder / ".env").write_text("COUNTERSIGN_SMTP_PORT=25\n")
    done = manage(folder, *options(folder))
    assert done.returncode != 0
    assert "--smtp-port: COUNTERSIGN_SMTP_PORT is 25 already; change that line by hand." in done.stderr
    assert (folder / ".env").read_text() == "COUNTERSIGN_SMTP_PORT=25\n"


def test_nobody_else_on_the_machine_can_read_the_database(folder: Path) -> None:
    before = os.umask(0o022)
    try:
        done = manage(folder, *options(folder))
        database = folder / "data" / "site.sqlite3"
        assert done.returncode == 0, done.stderr
        assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(database.stat().st_mode) == 0o600
        database.chmod(0o644)  # as an earlier version left it
        assert manage(folder, *options(folder)).returncode == 0
        assert stat.S_IMODE(database.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_keys_can_live_in_files_of_a_folder(folder: Path) -> None:
    done = manage(folder, *options(folder, "--secrets-folder", str(folder / "secrets")))
    assert done.returncode == 0, done.stderr
    env = environment_file.read(folder / ".env")
    assert "COUNTERSIGN_MASTER_KEYS" not in env
    file = Path(env["COUNTERSIGN_MASTER_KEYS_FILE"])
    assert re.fullmatch(r"1:[A-Za-z0-9+/]{43}=\n", file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_wrong_option_is_named_before_anything_is_written(folder: Path) -> None:
    done = manage(folder, "setup", "--non-interactive", "--site-url", "data.lab.example")
    assert done.returncode != 0
    assert "--site-url" in done.stderr
    assert not (folder / ".env").exists()


def test_without_a_terminal_it_says_what_to_do(folder: Path) -> None:
    done = manage(folder, "setup")
    assert done.returncode != 0
    assert "--non-interactive" in done.stderr
    assert not (folder / ".env").exists()


def test_without_keys_other_commands_name_setup(folder: Path) -> None:
    assert "manage.py setup" in manage(folder, "check").stderr


def test_a_line_that_is_there_is_never_changed(folder: Path) -> None:
    (folder / ".env").write_text("# mine\nCOUNTERSIGN_SECRET_KEY='kept as it is'\nOTHER=1")
    environment_file.append(folder / ".env", {"COUNTERSIGN_MAIL_FROM": "O'Brien Lab <data@lab.example>"})
    assert environment_file.read(folder / ".env") == {
        "COUNTERSIGN_SECRET_KEY": "kept as it is",
        "OTHER": "1",
        "COUNTERSIGN_MAIL_FROM": "O'Brien Lab <data@lab.example>",
    }


def test_a_line_that_is_no_setting_is_named(folder: Path) -> None:
    (folder / ".env").write_text("A=1\nwhat is this\n")
    with pytest.raises(ValueError, match="line 2"):
        environment_file.read(folder / ".env")


def test_the_environment_goes_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("TRIAL_A=file\nTRIAL_B_FILE=/nowhere\n")
    monkeypatch.setenv("TRIAL_A", "environment")
    monkeypatch.setenv("TRIAL_B", "environment")
    environment_file.load(folder / ".env")
    assert os.environ["TRIAL_A"] == "environment"
    assert "TRIAL_B_FILE" not in os.environ


def test_questions_are_asked_again_until_the_answer_fits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["nonsense", "https://data.lab.example"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert first_run._ask(first_run.QUESTIONS[0]) == "https://data.lab.example"
