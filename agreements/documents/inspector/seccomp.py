"""A filter of system calls (seccomp): what the inspector never needs fails with "not permitted", for good.

Landlock does not cover connecting to a unix socket by its path, nor signals and tracing on older kernels; this does.
A thread may be started, which a limit on processes would refuse as well, and no process.
Numbers: the kernel's tables of system calls; the program's form: `include/uapi/linux/{filter,seccomp,audit}.h`.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from typing import Final

_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_UNKNOWN: Final = 0x00050000 | errno.ENOSYS
_KILL: Final = 0x80000000
_OTHER_TABLE: Final = 0x40000000  # x86's second numbering of the same calls

# Of x86-64 and of arm64, in this order.
_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_REFUSED: Final = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
_STARTS: Final = {"fork": (57, None), "vfork": (58, None)}
# The flags are its first argument. Those of its successor lie in memory, where a filter does not look: whoever is told
# that it does not exist takes the older one.
_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_CLONE_THREAD: Final = 0x00010000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))


def refuse_calls() -> bool:
    """Refuse the calls from now on, in children too; return whether the kernel took the filter.

    Needs PR_SET_NO_NEW_PRIVS. Does nothing on machines other than x86-64 and arm64.
    """
    machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None
    if machine is None:
        return False
    column, architecture = machine
    lines = [_line(_LOAD, _MACHINE_AT), _line(_IF_EQUAL, architecture, 1, 0), _line(_RETURN, _KILL)]
    lines += [_line(_LOAD, _NUMBER_AT), _line(_IF_AT_LEAST, _OTHER_TABLE, 0, 1), _line(_RETURN, _REFUSE)]
    for number in (numbers[column] for numbers in (*_REFUSED.values(), *_STARTS.values())):
        if number is not None:
            lines += [_line(_IF_EQUAL, number, 0, 1), _line(_RETURN, _REFUSE)]
    lines += [_line(_IF_EQUAL, _CLONE3[column], 0, 1), _line(_RETURN, _UNKNOWN)]
    lines += [_line(_IF_EQUAL, _CLONE[column], 0, 3), _line(_LOAD, _FIRST_ARGUMENT_AT)]
    lines += [_line(_IF_ANY_OF, _CLONE_THREAD, 1, 0), _line(_RETURN, _REFUSE)]
    lines.append(_line(_RETURN, _ALLOW))
    program = _Program(len(lines), b"".join(lines))
    return bool(
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0
    )


def _line(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
