"""Settings whose defaults would do harm."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_four_hundred_other_keys_do_not_reset_a_counter() -> None:
    cache.set("counter", 5, 600)
    for number in range(400):
        cache.set(f"somebody else {number}", 1, 600)
    assert cache.get("counter") == 5


@pytest.mark.parametrize(
    ("asked", "answer"), [({}, "31536000 False False"), ({"SUBDOMAINS": "yes"}, "31536000 True False")]
)
def test_hsts_binds_other_sites_of_the_domain_only_when_asked(asked: dict[str, str], answer: str) -> None:
    answered = evaluate(
        "s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD",
        COUNTERSIGN_SITE_URL="https://countersign.example",
        **{f"COUNTERSIGN_HSTS_{name}": value for name, value in asked.items()},
    )
    assert answered == answer


@pytest.mark.parametrize(("process", "pooled"), [("web", "True"), ("delivery", "True"), ("worker", "False")])
def test_pages_and_downloads_share_connections_and_forked_workers_do_not(process: str, pooled: str) -> None:
    answered = evaluate(
        "'pool' in s.DATABASES['default']['OPTIONS']",
        COUNTERSIGN_PROCESS=process,
        COUNTERSIGN_DATABASE_URL="postgres://app@127.0.0.1/app",
    )
    assert answered == pooled


def test_sqlite_overwrites_what_is_erased(tmp_path: Path) -> None:
    file = tmp_path / "site.sqlite3"
    command = evaluate(
        "s.DATABASES['default']['OPTIONS']['init_command']", COUNTERSIGN_DATABASE_URL=f"sqlite:///{file}"
    )
    connection = sqlite3.connect(file)
    # Some systems build it in; the site does not rely on that.
    connection.execute("PRAGMA secure_delete=OFF")
    connection.executescript(command)
    connection.executescript("CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('Alice Example')")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Alice Example" in file.read_bytes()
    connection.executescript("DELETE FROM people")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Alice Example" not in file.read_bytes()
    connection.close()


def evaluate(expression: str, **settings: str) -> str:
    """Return what an expression over the settings `s` prints in a process with these in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")} | {
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": "test",
        "COUNTERSIGN_MASTER_KEYS": "1:" + "A" * 43 + "=",
        **settings,
    }
    program = f"from portal import settings as s\nprint({expression})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
