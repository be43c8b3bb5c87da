"""Limits that a process sets for itself before it touches a hostile file."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from typing import Final

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38


def confine(*, memory: int, cpu_seconds: int, parent: int) -> None:
    """Bound this process: address space in bytes, CPU in seconds, no files, no core, no network where possible.

    On Linux it ends together with `parent`, the process that started it. Cutting the network needs user namespaces,
    which many containers forbid: there the container itself has none.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CPU, cpu_seconds, hard=cpu_seconds + 2)  # between them SIGXCPU says why it ended
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, memory)
        _cut_off(parent)


def _limit(kind: int, value: int, *, hard: int | None = None) -> None:
    with contextlib.suppress(ValueError, OSError):
        _soft, most = resource.getrlimit(kind)
        soft, hard = (
            wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            for wanted in (value, value if hard is None else hard)
        )
        resource.setrlimit(kind, (soft, hard))


def _cut_off(parent: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before its end could be waited for
