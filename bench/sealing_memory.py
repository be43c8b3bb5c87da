"""Peak memory of a process that seals, in a process of its own: ``python -m bench.sealing_memory`` prints MB a case.

Idle is the process with the engine imported. Each case opens an index from its file, as a server does, and streams.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from agreements.sealing import ArchiveIndex
from bench.sealing_packs import MIB, SMALL, computed, index_of, seal, view_of

GB = 10**9
CASES: dict[str, tuple[Callable[[], list[int]], float, int]] = {
    # name: (sizes of the members, where the range begins as a part of the archive, its length)
    "a whole member of 1 GB": (lambda: [GB], 0, GB + 1000),
    "the end of a member of 1 GB, with its code": (lambda: [GB], 0.9, GB),
    "14,400 members of 0.7 MB, from the start": (lambda: [SMALL] * 14_400, 0, 200 * MIB),
    "10 TB in 1,000 members, near the end": (lambda: [10 * GB] * 1000, 0.99, 200 * MIB),
    "70,000 members, from the start": (lambda: [10_000] * 70_000, 0, 10 * MIB),
}


def _kilobytes(field: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise LookupError(field)


def _measure(text: bytes, part: float, length: int) -> float:
    idle = _kilobytes("VmRSS:")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew (proc(5))
    view = view_of(ArchiveIndex.from_json(text), computed)
    start = int(view.size * part)
    seal(view, start, min(start + length, view.size))
    return (_kilobytes("VmHWM:") - idle) * 1024 / 1e6


def main(arguments: list[str]) -> None:
    """With a case's name and the file of its index: print MB above idle. Without: all cases, in processes of theirs."""
    if arguments:
        name, path = arguments
        print(_measure(Path(path).read_bytes(), *CASES[name][1:]))
        return
    for name, megabytes in peaks().items():
        print(f"{name}: {megabytes:.1f} MB")


def peaks() -> dict[str, float]:
    """MB above idle of each case; the indexes are made here, so that making them does not count."""
    import subprocess
    import tempfile

    found = {}
    for name, (sizes, *_) in CASES.items():
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(index_of(sizes()).to_json())
            file.flush()
            command = [sys.executable, "-m", "bench.sealing_memory", name, file.name]
            found[name] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
