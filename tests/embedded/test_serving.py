"""One command runs a whole installation, heals it, and leaves nothing behind, however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from portal.embedded.children import ROOT, wait_until

KEYS = {
    "COUNTERSIGN_ENV_FILE": "",
    "COUNTERSIGN_SECRET_KEY": "only this test uses this key",
    "COUNTERSIGN_MASTER_KEYS": "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
PARTS = {"broker", "web", "delivery", "worker", "beat"}
START, STOP = 120, 30
"""Seconds, on a machine that is busy with other tests."""


class Served:
    """A supervisor as a program, and what it says of itself."""

    def __init__(self, home: Path) -> None:
        self.home = home
        outside = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        places = {
            "COUNTERSIGN_DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}",
            "COUNTERSIGN_VAULT_ARCHIVES": f"folder:{home / 'archives'}",
            "COUNTERSIGN_VAULT_DELIVERY": f"folder:{home / 'delivery'}",
            "COUNTERSIGN_INBOX": str(home / "inbox"),
            "COUNTERSIGN_VAULT_PAPERS": f"folder:{home / 'papers'}",
            "COUNTERSIGN_SIGNING_KEY": str(home / "signing" / "key.p12"),
        }
        serve = [sys.executable, "manage.py", "serve", "--home", str(home), "--port", "0", "--delivery-port", "0"]
        self.process = subprocess.Popen(
            serve, cwd=ROOT, env=outside | KEYS | places, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stderr is not None
        self.first_line = self.process.stderr.readline()
        assert self.first_line.startswith("Serving"), self.first_line + self.process.stderr.read()

    @property
    def pids(self) -> dict[str, int]:
        state = json.loads((self.home / "running.json").read_text(encoding="utf-8"))
        pids: dict[str, int] = state["pids"]
        return pids

    @property
    def site(self) -> str:
        return str(json.loads((self.home / "running.json").read_text(encoding="utf-8"))["site"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_a_part_that_is_killed_is_started_again_and_stopping_leaves_nothing(served: Served) -> None:
    before = served.pids
    assert set(before) == PARTS
    assert httpx.get(served.site + "/", timeout=30).status_code == 200

    os.kill(before["worker"], signal.SIGKILL)
    assert wait_until(lambda: served.pids["worker"] != before["worker"], START)

    after = served.pids
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(STOP) == 0
    assert _left([*before.values(), *after.values()]) == []
    assert not (served.home / "running.json").exists()


def test_eight_senders_of_slow_forms_do_not_stop_the_site(served: Served) -> None:
    address = urlsplit(served.site)
    form = "POST /accounts/login/ HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    start = form.format(host=address.netloc) + "Content-Length: 100000\r\n\r\na=1"
    with contextlib.ExitStack() as open_ones:
        for _ in range(8):
            slow = open_ones.enter_context(
                socket.create_connection((str(address.hostname), int(address.port or 0)), 10)
            )
            slow.sendall(start.encode())
        for path in ("/healthz", "/"):
            assert httpx.get(served.site + path, timeout=10).status_code == 200


def test_it_makes_a_key_to_sign_with_if_there_is_none(served: Served) -> None:
    key = served.home / "signing" / "key.p12"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_nobody_else_on_the_machine_can_read_what_it_writes(served: Served) -> None:
    httpx.get(served.site + "/", timeout=30)
    written = [path for path in served.home.rglob("*") if "static" not in path.parts]
    assert {"logs", "broker", "db.sqlite3"} <= {path.name for path in written}
    assert [str(path) for path in written if _is_open_to_others(path)] == []


def test_nothing_outlives_a_supervisor_that_is_killed(served: Served) -> None:
    children = list(served.pids.values())

    served.process.kill()
    served.process.wait()

    assert wait_until(lambda: _left(children) == [], STOP)


def _is_open_to_others(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # SQLite's own files beside the database come and go
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def _left(groups: list[int]) -> list[int]:
    """Return the process groups that still have a living member."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], check=True, capture_output=True, text=True).stdout
    alive = {int(line.split()[0]) for line in listed.splitlines() if not line.split()[1].startswith("Z")}
    return [group for group in groups if group in alive]
