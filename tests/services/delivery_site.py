"""A real delivery process for tests and benches: database, folder vault, links, and clients at their pace."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.embedded import parts
from portal.embedded.children import ROOT, Child, wait_until
from portal.embedded.ports import short_folder
from tests.faults.database import Database
from tests.services.namespace import Network
from tests.services.ports import free_port
from tests.services.readers import Reader

SCENE = "tests.services.delivery_scene"


@dataclass
class Site:
    """Where it is, and what can be downloaded there."""

    folder: Path
    environment: dict[str, str]
    network: Network
    port: int
    made: dict[str, Any] = field(default_factory=dict)
    _server: Child | None = None

    @property
    def database(self) -> Database:
        """The database, looked at from outside."""
        return Database(self.environment["COUNTERSIGN_DATABASE_URL"])

    @property
    def paths(self) -> list[str]:
        """The direct address of each grant's link, without host."""
        return list(self.made["paths"])

    @property
    def server(self) -> Child:
        """The delivery server; its worker is its only child."""
        assert self._server is not None
        return self._server

    def start(self) -> None:
        """Start the delivery server and wait until it answers."""
        part = parts.delivery_server("127.0.0.1", self.port)
        command = [*self.network.prefix, *part.command]
        log = self.folder / "delivery.log"
        self._server = Child("delivery", command, log=log, environment=self.environment | part.environment)
        if not wait_until(lambda: not self.server.alive or self.is_well(), 60, 0.2) or not self.server.alive:
            raise RuntimeError(f"delivery did not start:\n{self.server.output()}")

    def is_well(self) -> bool:
        """Return whether the server answers."""
        command = [*self.network.prefix, sys.executable, "deploy/healthy.py", f"http://127.0.0.1:{self.port}/healthz"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0

    def revoke(self, *numbers: int) -> dict[int, float]:
        """End grants, by their places in the list of paths; return when each was committed, in seconds since 1970."""
        grants = [self.made["grants"][number] for number in numbers]
        committed = json.loads(self.python(SCENE, "revoke", *map(str, grants)))
        return {number: float(committed[str(grant)]) for number, grant in zip(numbers, grants, strict=True)}

    def curl(self, *arguments: str, port: int | None = None, path: str) -> subprocess.CompletedProcess[str]:
        """Run curl in the site's network on a path of the server, or of another port."""
        command = [*self.network.prefix, "curl", "--silent", "--max-time", "60", *arguments]
        address = f"http://127.0.0.1:{port or self.port}{path}"
        return subprocess.run([*command, address], capture_output=True, text=True, check=False)

    @contextmanager
    def reading(self, readers: Sequence[Reader], *, seconds: float, port: int | None = None) -> Iterator[Reading]:
        """Let clients read, all of them at it when the block begins."""
        command = [sys.executable, "-m", "tests.services.readers", str(port or self.port), str(seconds)]
        process = subprocess.Popen(
            [*self.network.prefix, *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdin is not None
            wanted = [{"path": one.path, "pace": one.pace, "burst": one.burst} for one in readers]
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            assert process.stdout is not None
            first = process.stdout.readline()
            if first != "reading\n":
                raise RuntimeError(f"the clients did not get to read: {first}")
            yield Reading(process)
        finally:
            process.kill()
            process.communicate()

    def python(self, *arguments: str) -> str:
        """Run a program, or a module, with its arguments in the site's environment (not in its network)."""
        first = ["-c"] if "\n" in arguments[0] else ["-m"]
        command = [sys.executable, *first, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=self.environment)
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        return done.stdout.strip()


class Reading:
    """Clients under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def say(self, word: str) -> None:
        """`stop` them, or let them `hurry`."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def results(self) -> list[Reader]:
        """Wait until all have ended; return what became of each."""
        assert self.process.stdout is not None
        return [Reader(**each) for each in json.loads(self.process.stdout.readline())]


@contextmanager
def running(*, members: int, grants: int, network: Network | None = None, database_url: str = "") -> Iterator[Site]:
    """Make a site in a folder of its own (SQLite unless a database is given), start it, and remove it at the end."""
    folder = short_folder("cs-dl-")
    address = database_url or f"sqlite:///{folder / 'countersign.sqlite3'}"
    site = Site(folder, _environment(folder, address), network or Network(), free_port())
    try:
        filled = site.python(SCENE, str(folder / "files"), str(members), str(grants))
        site.made = json.loads(filled)
        shutil.rmtree(folder / "files")
        site.start()
        yield site
    finally:
        if site._server is not None:
            site._server.stop(20)
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, address: str) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    return outside | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_DATABASE_URL": address,
        "COUNTERSIGN_STATIC_ROOT": str(folder / "static"),
        **{
            f"COUNTERSIGN_VAULT_{name.upper()}": f"folder:{folder / name}"
            for name in ("archives", "delivery", "papers")
        },
    }
