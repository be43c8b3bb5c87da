"""Limits that a process sets for itself before it touches a hostile file.

Each step stands alone: what a kernel, a container or a user may not do is left out, and the others hold.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import BinaryIO, Final

from agreements.documents.inspector.landlock import allow_only_reading
from agreements.documents.inspector.seccomp import refuse_calls

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_NOBODY: Final = 65534

# What the interpreter and its libraries may load late. No file of the portal's but this package, none of a user's.
_READABLE: Final = (
    Path(sys.prefix),
    Path(sys.base_prefix),
    Path(__file__).resolve().parent,
    Path("/usr/lib"),
    Path("/lib"),
    Path("/lib64"),
    Path("/etc/ld.so.cache"),
    Path("/dev/null"),
    Path("/dev/urandom"),
)


def limit(*, memory: int, cpu_seconds: int) -> None:
    """Bound this process: address space in bytes, CPU in seconds, no file grows, no core."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CPU, cpu_seconds, hard=cpu_seconds + 2)  # between them SIGXCPU says why it ended
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, memory)


def cut_off(answer: BinaryIO, *, threads: bool = False) -> None:
    """Give up everything but the open descriptors and the reading of libraries (Linux; elsewhere nothing happens).

    Root becomes nobody. No network where namespaces are permitted; no file beyond the list where the kernel has
    Landlock; no socket, no other program, no signal to others where it takes a filter of calls; no new process.
    With `threads` threads may be started, if the filter is there to refuse processes; a decoder of pictures needs one.
    The process ends with the one that reads `answer`, its parent.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0 and os.geteuid() != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    _become_nobody()
    # After the change of user, which clears it.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    allow_only_reading(_READABLE)
    if not (refuse_calls() and threads):
        _limit(resource.RLIMIT_NPROC, 0)  # counts threads as well
    if _nobody_reads(answer):
        sys.exit(1)  # the parent ended before its end could be waited for


def _limit(kind: int, value: int, *, hard: int | None = None) -> None:
    with contextlib.suppress(ValueError, OSError):
        _soft, most = resource.getrlimit(kind)
        soft, hard = (
            wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            for wanted in (value, value if hard is None else hard)
        )
        resource.setrlimit(kind, (soft, hard))


def _become_nobody() -> None:
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _nobody_reads(answer: BinaryIO) -> bool:
    poll = select.poll()
    poll.register(answer.fileno(), 0)  # an error is always reported
    return any(event & select.POLLERR for _descriptor, event in poll.poll(0))
