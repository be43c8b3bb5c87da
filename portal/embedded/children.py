"""Child processes that do not outlive their parent.

On Linux the kernel tells a child that its parent died (prctl). Everywhere, an undertaker process of our own holds the
end of a pipe and ends every known process group once the pipe breaks.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
# The database, the logs and the broker's data are for nobody else on the machine.
PRIVATE = 0o077
ROOT = Path(__file__).resolve().parent.parent.parent
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Between fork and exec: ask the kernel for SIGTERM when the parent's starting thread ends (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process in a group of its own, with its output in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
        user: int | None = None,
        group: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self.log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=folder,
                umask=PRIVATE,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, no lock taken
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        """Return what this process has written so far."""
        with self.log.open("rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def ask_to_stop(self) -> None:
        """Send the process its stop signal."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self._stop_signal)

    def stop(self, seconds: float = 10) -> None:
        """Ask it to stop, and end its whole group if it has not within the time."""
        if self.alive:
            self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.end_group()

    def end_group(self) -> None:
        """Kill whatever is left of its process group, its own children included."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)


class Undertaker:
    """Ends the groups it was told of when this process is gone, whatever took it away."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal.embedded.undertaker"],
            stdin=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
            text=True,
        )

    def knows(self, child: Child) -> None:
        """Tell it of a child."""
        self._say(f"+{child.pid}")

    def forget(self, child: Child) -> None:
        """Tell it that a child is gone, since its number may come again."""
        self._say(f"-{child.pid}")

    def close(self) -> None:
        """Let it end what is left, and wait for it."""
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
        self._process.wait(15)

    def _say(self, line: str) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):
            pipe.write(line + "\n")
            pipe.flush()


def wait_until(ready: object, seconds: float, pause: float = 0.05) -> bool:
    """Call `ready` until it returns something true or the time is over; return whether it did."""
    assert callable(ready)
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True
