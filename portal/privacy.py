"""Keeps other processes of the same user out of this one: no reading of its environment or memory, no core file."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def hide_from_same_user() -> None:
    """Make `/proc/PID/environ` and `/proc/PID/mem` of this process root's, and itself not traceable (Linux only).

    Children inherit it when forked and lose it with exec. A process that runs as root is not hidden from root.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
