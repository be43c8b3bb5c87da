"""What `make test` runs: the whole suite on SQLite, then everything that touches a database on PostgreSQL.

`--long` takes full counts. `--nothing-skipped` (the continuous run) turns a missing program into a failure. Anything
else goes to pytest as it is: `make test ARGS="tests/mail -x"`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.services import postgres, tools

ROOT = Path(__file__).resolve().parent.parent
NO_TESTS = 5  # pytest's exit code when nothing was selected
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Return 0 when both runs pass."""
    parser = argparse.ArgumentParser(prog="make test", description="The whole suite, on both databases.")
    parser.add_argument("--long", action="store_true", help="full counts")
    parser.add_argument("--nothing-skipped", action="store_true", help="a missing program fails the run")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked, rest = parser.parse_known_args()
    started = time.monotonic()
    _install_missing()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))
    }
    if asked.nothing_skipped:
        environment[tools.NOTHING_SKIPPED] = "yes"
    extra = [*(["--long"] if asked.long else []), *rest]
    results = {}
    if asked.database in {"sqlite", "both"}:
        results["SQLite"] = _pytest(extra, environment)
    if asked.database in {"postgresql", "both"}:
        with postgres.running() as server:
            on_postgres = environment | {"COUNTERSIGN_DATABASE_URL": server.url}
            results["PostgreSQL"] = _pytest(["--touching-database", *extra], on_postgres)
    return _conclude(results, time.monotonic() - started)


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    name = "PostgreSQL" if "COUNTERSIGN_DATABASE_URL" in environment else "SQLite"
    console.rule(f"Tests on {name}")
    folder = tempfile.mkdtemp(prefix="cs-")
    try:
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        return subprocess.run(
            command, check=False, cwd=ROOT, env=environment | {"COUNTERSIGN_TEST_FOLDER": folder}
        ).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install_missing() -> None:
    """Install by apt what is missing, where this is root on a Debian; say what stays missing."""
    missing = [program for program in tools.KNOWN if tools.find(program) is None]
    packages = sorted({tools.KNOWN[program][1] for program in missing})
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        console.print(f"Installing {', '.join(packages)} ...")
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        subprocess.run([*apt, "update"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        for package in packages:
            install = [*apt, "install", "-y", "--no-install-recommends", package]
            subprocess.run(install, check=False, env=quiet, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    for program in tools.KNOWN:
        if tools.find(program) is None:
            console.print(f"missing: {program} (Debian package {tools.KNOWN[program][1]}); its tests are skipped")


def _conclude(results: dict[str, int], seconds: float) -> int:
    failed = [name for name, code in results.items() if code not in {0, NO_TESTS}]
    minutes = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if failed:
        console.print(f"make test: FAILED on {' and '.join(failed)} after {minutes}", style="bold red")
        return 1
    console.print(f"make test: passed on {' and '.join(results)} in {minutes}", style="bold green")
    return 0


if __name__ == "__main__":
    sys.exit(main())
