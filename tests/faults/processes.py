"""Finding the processes of an installation, by parents and command lines, and ending only those."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from portal.embedded.children import wait_until


def children_of(pid: int) -> list[int]:
    """Return the direct children that run now."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and parent(int(entry.name)) == pid:
            found.append(int(entry.name))
    return found


def is_there(pid: int) -> bool:
    """Return whether the process runs (a dead one that nobody has reaped does not)."""
    try:
        return _stat(pid)[0] not in {"Z", "X"}
    except (OSError, IndexError):
        return False


def inspectors_of(worker: int) -> list[int]:
    """Return the children of a worker's pool that hold a stranger's file open and have shut themselves in."""
    found = []
    for child in children_of(worker):
        found += [one for one in children_of(child) if "documents.inspector" in _command(one) and _is_confined(one)]
    return found


def waits_for_work(pid: int) -> bool:
    """Return whether a process of a worker's pool reads the pipe through which it is given work."""
    try:
        return "pipe_read" in Path(f"/proc/{pid}/wchan").read_text()
    except OSError:
        return False


def freeze(pid: int) -> None:
    """Let a process go no further."""
    os.kill(pid, signal.SIGSTOP)


def thaw(pid: int) -> None:
    """Let it go on."""
    os.kill(pid, signal.SIGCONT)


def kill(pid: int, seconds: float = 10) -> None:
    """`kill -9`, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_there(pid), seconds), f"process {pid} survived"


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def parent(pid: int) -> int:
    """Return the number of the parent, 0 if the process is gone."""
    try:
        return int(_stat(pid)[1])
    except (OSError, IndexError):
        return 0


def _is_confined(pid: int) -> bool:
    try:
        return "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
