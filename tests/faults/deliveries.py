"""The real delivery server on a vault of one's choice, without the rest of an installation; and tools that download."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded import parts
from portal.embedded.children import ROOT, Child, wait_until
from portal.embedded.ports import short_folder
from tests.faults.database import Database
from tests.services import tools
from tests.services.ports import free_port
from tests.services.seaweed import Seaweed

LIMIT = 120
"""Seconds that a tool may take."""


@dataclass
class Deliveries:
    """Delivery processes over one database and vault."""

    folder: Path
    environment: dict[str, str]
    database: Database
    paths: dict[str, str] = field(default_factory=dict)
    children: dict[int, Child] = field(default_factory=dict)

    def start(self, port: int) -> None:
        """Start a process and wait until it answers."""
        part = parts.delivery_server("127.0.0.1", port)
        log = self.folder / f"delivery-{port}.log"
        child = Child("delivery", part.command, log=log, environment=self.environment | part.environment)
        self.children[port] = child
        if not wait_until(lambda: part.ready(child) or not child.alive, 60) or not child.alive:
            raise RuntimeError(f"the delivery server did not start:\n{child.output()}")

    def kill(self, port: int) -> None:
        """`kill -9` a process with its workers, and wait until they are gone."""
        self.children[port].end_group()

    def stop(self) -> None:
        """Stop every process."""
        for child in self.children.values():
            child.stop(15)

    def urls(self, kind: str) -> list[str]:
        """Return the address of an archive at each process."""
        return [f"http://127.0.0.1:{port}{self.paths[kind]}" for port in self.children]

    def passes(self) -> list[tuple[int, int | None]]:
        """Return the members that passes were made over, and the bytes that each read."""
        return [(int(member), read) for member, read in self.database.rows(_PASSES)]

    def requests(self) -> int:
        """Return how many downloads were opened."""
        return int(self.database.value("SELECT count(*) FROM agreements_downloadopened"))

    def python(self, *arguments: str) -> str:
        """Run a program of the project with this environment and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], check=False, capture_output=True, text=True, cwd=ROOT, env=self.environment
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout.strip()

    def forget_codes(self) -> None:
        """Let the database know no codes and no passes; processes remember codes until they are started again."""
        self.database.change("DELETE FROM agreements_storedtag")
        self.database.change("DELETE FROM agreements_tagpass")


_PASSES = "SELECT member, bytes_read FROM agreements_tagpass ORDER BY id"


@contextmanager
def running(*, vault: Seaweed | None = None, processes: int = 1) -> Iterator[Deliveries]:
    """Fill a database and a vault (a folder, or an S3 server) and run delivery processes over them."""
    folder = short_folder("cs-dl-")
    address = f"sqlite:///{folder / 'countersign.sqlite3'}"
    ports = [free_port() for _ in range(processes)]
    made = Deliveries(folder, _environment(folder, address, vault, ports[0]), Database(address))
    try:
        made.python("manage.py", "migrate", "--verbosity", "0")
        made.python("manage.py", "createcachetable", "--verbosity", "0")
        made.python("manage.py", "collectstatic", "--no-input", "--verbosity", "0")  # the pages of refusals need it
        made.paths = json.loads(made.python("-m", "tests.faults.prepare_deliveries", str(folder)))
        for port in ports:
            made.start(port)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def tool(name: str, *arguments: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a download tool in a folder of its own, where its output is `out`."""
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / f"{name}.log").open("ab")
    command = [tools.path_of(name), *_ALWAYS[name], *arguments]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def run(name: str, *arguments: str, folder: Path) -> str:
    """Run a download tool to its end and return the SHA-256 of what it got."""
    code = tool(name, *arguments, folder=folder).wait(LIMIT)
    assert code == 0, f"{name} ended with {code}:\n{(folder / f'{name}.log').read_text(errors='replace')[-3000:]}"
    return sha256(folder / "out")


def kill_in_the_middle(process: subprocess.Popen[bytes], out: Path, *, behind: int) -> None:
    """`kill -9` a tool once its file holds so many bytes."""
    try:
        assert wait_until(lambda: bytes_in(out) > behind, LIMIT), f"{out} did not grow"
        assert process.poll() is None, "it was done before it could be killed"
    finally:
        process.kill()
        process.wait(LIMIT)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


_ALWAYS = {
    "wget": ["--no-verbose", "--output-document=out"],
    "curl": ["--silent", "--show-error", "--fail", "--location", "--output", "out"],
    "aria2c": ["--no-conf=true", "--console-log-level=notice", "--summary-interval=0", "--file-allocation=none"],
}


def bytes_in(file: Path) -> int:
    # Of a file with holes, what is really there.
    return file.stat().st_blocks * 512 if file.exists() else 0


def _environment(folder: Path, address: str, vault: Seaweed | None, port: int) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    site = f"http://127.0.0.1:{port}"
    found = outside | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_DATABASE_URL": address,
        "COUNTERSIGN_SITE_URL": site,
        "COUNTERSIGN_VAULT_ARCHIVES": f"folder:{folder / 'archives'}",
        "COUNTERSIGN_VAULT_DELIVERY": f"folder:{folder / 'delivery'}",
        "COUNTERSIGN_VAULT_PAPERS": f"folder:{folder / 'papers'}",
        "COUNTERSIGN_INBOX": str(folder / "inbox"),
        "COUNTERSIGN_STATIC_ROOT": str(folder / "static"),
    }
    if vault is not None:
        found |= {
            "COUNTERSIGN_VAULT_ARCHIVES": f"s3:a-{secrets.token_hex(6)}",
            "COUNTERSIGN_VAULT_DELIVERY": f"s3:d-{secrets.token_hex(6)}",
            "COUNTERSIGN_S3_ENDPOINT": vault.endpoint,
            "COUNTERSIGN_S3_PUBLIC_ENDPOINT": vault.endpoint,
            "COUNTERSIGN_S3_ACCESS_KEY": vault.access_key,
            "COUNTERSIGN_S3_SECRET_KEY": vault.secret_key,
        }
    return found
