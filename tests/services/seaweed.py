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


@dataclass(frozen=True, slots=True)
class Seaweed:
    """What a client needs; `pid` is the server's process."""

    endpoint: str
    port: int
    access_key: str
    secret_key: str = field(repr=False)
    pid: int


@contextmanager
def running(folder: Path, *, access_key: str = "tests", secret_key: str = "tests-only-secret") -> Iterator[Seaweed]:
    """Run a server whose data is under `folder`, and end it by its process id."""
    folder.mkdir(parents=True, exist_ok=True)
    s3, master, volume, filer, admin = _ports(5)
    command = [
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
        "-volume.max=300",
    ]
    # Without keys the server lets everybody write; without a limit it takes 2 GB.
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "GOMEMLIMIT": "400MiB",
    }
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Nothing of the interpreter runs in there but one system call.
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
    try:
        _wait_until_it_answers(s3, process, folder / "weed.log")
        yield Seaweed(f"http://127.0.0.1:{s3}", s3, access_key, secret_key, process.pid)
    finally:
        # SIGTERM takes it four seconds, and a test's data need not survive.
        process.kill()
        process.wait()


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
