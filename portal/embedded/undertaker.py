"""Reads `+PID` and `-PID` lines; when they end, the parent is gone, and so shall be every group still listed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time


def main() -> None:
    """Keep the list until the pipe breaks, then ask each group to stop, and after five seconds kill it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    _signal_all(groups, signal.SIGTERM)
    end = time.monotonic() + 5
    while time.monotonic() < end and any(_exists(group) for group in groups):
        time.sleep(0.1)
    _signal_all(groups, signal.SIGKILL)


def _signal_all(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
