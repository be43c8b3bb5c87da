"""How many cores this process may use beside the one it is on."""

import os


def other_cores() -> int:
    """0 on a machine with one core, or for a process that was bound to one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) - 1
    return (os.cpu_count() or 1) - 1
