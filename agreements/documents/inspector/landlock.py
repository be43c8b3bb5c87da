"""Landlock (Linux 5.13 and later): a process gives up, for good, every file that is not beneath a named folder.

Structures and numbers: the kernel's `include/uapi/linux/landlock.h`; versions: its `userspace-api/landlock` page.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
# How many kinds of access to files each version knows: making, removing, writing, linking, truncating, device calls.
_KINDS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_KINDS_FROM_5: Final = 16
_TCP_BIND_AND_CONNECT: Final = 0b11  # from version 4
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11  # from version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that this kernel offers, 0 if none."""
    return max(0, _call(_CREATE_RULESET, None, 0, _ASK_VERSION)) if sys.platform == "linux" else 0


def allow_only_reading(paths: Iterable[Path]) -> bool:
    """Give up every file but those at or beneath the paths, which stay readable; return whether the kernel did it.

    Needs PR_SET_NO_NEW_PRIVS. Descriptors that are open stay usable. Looking at a path (stat) is not covered, nor is
    connecting to a unix socket by its path.
    """
    known = version()
    if not known:
        return False
    rules = _Ruleset(
        files=(1 << _KINDS.get(known, _KINDS_FROM_5)) - 1,
        network=_TCP_BIND_AND_CONNECT if known >= 4 else 0,
        scoped=_ABSTRACT_SOCKETS_AND_SIGNALS if known >= 6 else 0,
    )
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _call(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return False
    try:
        for path in paths:
            _allow(ruleset, path)
        return _call(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = _EXECUTE | _READ_FILE | (_READ_DIR if path.is_dir() else 0)
            rule = _PathBeneath(allowed=rights, folder=descriptor)
            _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    return int(syscall(ctypes.c_long(number), *words))
