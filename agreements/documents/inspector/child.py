"""Runs one inspection in a process of its own and brings back its answer, however that process ends."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from agreements.documents.inspector import frames

ROOT: Final = Path(__file__).resolve().parents[3]
_COMMAND: Final = ("-s", "-E", "-B", "-m", "agreements.documents.inspector")
# Nothing of the portal's environment. One thread: each more reserves address space that the limit counts.
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes a child wrote, and how it ended: `exited`, `timeout`, `flood`, or `signal` with its number."""

    body: bytes
    ended: str
    signal_number: int = 0


def run(request: bytes, *, wall_seconds: float) -> Answer:
    """Answer one request in a limited child. Blocks for at most about `wall_seconds`; leaves no process behind."""
    with tempfile.TemporaryFile() as asked:
        asked.write(request)
        asked.seek(0)
        child = subprocess.Popen(
            [sys.executable, *_COMMAND],
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=_ENVIRONMENT,
            close_fds=True,
            start_new_session=True,
        )
    try:
        body, early = _drain(child, deadline=monotonic() + wall_seconds)
    finally:
        _end(child)
    if early:
        return Answer(body, early)
    if child.returncode < 0:
        return Answer(body, "signal", -child.returncode)
    return Answer(body, "exited")


def _drain(child: subprocess.Popen[bytes], *, deadline: float) -> tuple[bytes, str]:
    """Return what the child wrote, and why reading stopped before it closed its end, if it did."""
    assert child.stdout is not None
    pieces: list[bytes] = []
    total = 0
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - monotonic()
            if left <= 0 or not ready.select(left):
                return b"".join(pieces), "timeout"
            piece = os.read(child.stdout.fileno(), 1 << 20)
            if not piece:
                return _last(child, pieces, deadline)
            total += len(piece)
            if total > frames.MAX_ANSWER:
                return b"".join(pieces), "flood"
            pieces.append(piece)


def _last(child: subprocess.Popen[bytes], pieces: list[bytes], deadline: float) -> tuple[bytes, str]:
    try:
        child.wait(max(0.1, deadline - monotonic()))
    except subprocess.TimeoutExpired:
        return b"".join(pieces), "timeout"
    return b"".join(pieces), ""


def _end(child: subprocess.Popen[bytes]) -> None:
    # The leader may be reaped already; whatever it started is in its group all the same.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.stdout is not None:
        child.stdout.close()
    child.wait()
