"""What `make bench` runs: every bench, one after another. `ARGS=--quick` is passed on to those that know it."""

from __future__ import annotations

import subprocess
import sys

# Each a module of its own, so that one can be run alone: python -m bench.sealing --quick
BENCHES = {
    "sealing": True,
    "delivery": True,
    "links": True,
    "identity": True,
    "registry": True,
    "documents": True,
    "record": True,
    "approval": True,
}


def main(arguments: list[str]) -> int:
    """Run the benches and return how many failed to run; a promise that is missed is printed, not failed."""
    failed = 0
    for name, knows_arguments in BENCHES.items():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"bench.{name}", *(arguments if knows_arguments else [])]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
