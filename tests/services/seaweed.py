"""A real S3 server for tests: SeaweedFS from its wheel, with keys, on loopback, gone with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.services.ports import free_port

START_LIMIT = 60
"""Seconds until it must answer."""
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, linux/prctl.h
_GRPC = 10_000  # every SeaweedFS part also listens this much higher


@dataclass(slots=True)
class Seaweed:
    """What a client needs, and how to take the server away and bring it back."""

    folder: Path
    access_key: str
    secret_key: str = field(repr=False)
    ports: list[int] = field(default_factory=lambda: _ports(5))
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        """Where S3 is spoken."""
        return self.ports[0]

    @property
    def endpoint(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server, with what it held before, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Without keys the server lets everybody write; without a limit it takes 2 GB.
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "GOMEMLIMIT": "400MiB",
        }
        log = self.folder / "weed.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                _command(self.folder, self.ports),
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Nothing of the interpreter runs in there but one system call.
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        try:
            _wait_until_it_answers(self.port, self._process, log)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """`kill -9`. SIGTERM takes it four seconds, and a test's data need not survive."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(folder: Path, *, access_key: str = "tests", secret_key: str = "tests-only-secret") -> Iterator[Seaweed]:
    """Run a server whose data is under `folder`, and end it by its process id."""
    server = Seaweed(folder, access_key, secret_key)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _command(folder: Path, ports: list[int]) -> list[str]:
    s3, master, volume, filer, admin = ports
    return [
        str(_binary()),
        "mini",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.port={s3}",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        f"-admin.port={admin}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-webdav=false",
        "-admin.ui=false",
        "-disableHttp",
        "-master.telemetry=false",
        # Each bucket takes volumes of its own.
        "-volume.max=300",
    ]


def _binary() -> Path:
    return Path(sysconfig.get_path("scripts")) / "weed"


def _ports(count: int) -> list[int]:
    ports: list[int] = []
    while len(ports) < count:
        port = free_port(also=_GRPC)
        if port not in ports:
            ports.append(port)
    return ports


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"http://127.0.0.1:{port}/", timeout=2).status_code == 403:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"SeaweedFS did not start: {log.read_text(errors='replace')[-2000:]}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
