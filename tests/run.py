"""What `make test` runs: the whole suite on SQLite, and what touches a database, but for pages, on PostgreSQL.

`--long` takes full counts. `--nothing-skipped` (the continuous run) turns a missing program into a failure. Anything
else goes to pytest as it is: `make test ARGS="tests/mail -x"`.

The whole suite goes in parts, two at a time: tests that bring up whole installations mostly wait, the others compute.
Those take second place, so that what is measured in seconds is not measured against them. What fails there all the same
is run once more when the machine is quiet; if it then passes, the closing line names it. The last lines name every
failure: often they are all of a run that anybody gets to see.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.services import postgres, tools

ROOT = Path(__file__).resolve().parent.parent
NO_TESTS: Final = 5  # pytest's exit code when nothing was selected
AT_ONCE: Final = 2
INSTALLATIONS: Final = ("tests/browser", "tests/faults", "tests/embedded", "tests/demo")
# They ask the domain, which runs on both databases; on PostgreSQL they run with --long.
PAGES: Final = ("tests/web", "tests/templatetags")
# More than so many failures are no accident of a busy machine.
AGAIN: Final = 5
_FAILURE: Final = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - (.*))?$", re.MULTILINE)
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One run of pytest: what it is called, which tests, with what, and whether it takes second place."""

    name: str
    tests: Sequence[str]
    options: Sequence[str]
    environment: dict[str, str]
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """How a part ended: pytest's exit code, its failures by test, and those that passed when run again."""

    code: int
    failures: dict[str, str] = field(default_factory=dict)
    passed_again: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.code in {0, NO_TESTS}


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
    with contextlib.ExitStack() as services:
        parts = []
        pages = () if asked.long else PAGES
        if asked.database in {"sqlite", "both"}:
            parts += _parts("SQLite", extra, environment, whole=not rest)
        if asked.database in {"postgresql", "both"}:
            server = services.enter_context(postgres.running())
            on_postgres = environment | {"COUNTERSIGN_DATABASE_URL": server.url}
            parts += _parts("PostgreSQL", ["--touching-database", *extra], on_postgres, whole=not rest, leave_out=pages)
        if rest:
            results = {part.name: Ran(_pytest(part)) for part in parts}
        else:
            results = _side_by_side(parts)
            for part in parts:
                if 0 < len(results[part.name].failures) <= AGAIN:
                    results[part.name] = _again(part, results[part.name])
    return _conclude(results, time.monotonic() - started)


def _parts(
    name: str, arguments: list[str], environment: dict[str, str], *, whole: bool, leave_out: Sequence[str] = ()
) -> list[Part]:
    """Return the parts of a database's run: two for the whole suite, one for what somebody named."""
    if not whole:
        return [Part(name, [], arguments, environment)]
    others = [f"--ignore={folder}" for folder in (*INSTALLATIONS, *leave_out)]
    return [
        Part(f"{name}, whole installations", INSTALLATIONS, arguments, _of_its_own(environment)),
        Part(f"{name}, everything else", others, arguments, environment, yields=True),
    ]


def _of_its_own(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment with another database on the same server, if it names one."""
    url = environment.get("COUNTERSIGN_DATABASE_URL")
    return environment | {"COUNTERSIGN_DATABASE_URL": f"{url}_installations"} if url else environment


def _side_by_side(parts: list[Part]) -> dict[str, Ran]:
    """Run the parts, two at a time; what one printed is shown in one piece once it is done."""
    results = {}
    with ThreadPoolExecutor(AT_ONCE) as pool, tempfile.TemporaryDirectory(prefix="cs-") as folder:
        outputs = {part: Path(folder, f"{number}.txt") for number, part in enumerate(parts)}
        running = {pool.submit(_pytest, part, outputs[part]): part for part in parts}
        for done in as_completed(running):
            part = running[done]
            results[part.name] = _shown(part.name, done.result(), outputs[part])
    return results


def _again(part: Part, before: Ran) -> Ran:
    """Run the failed tests of a part once more, with nothing beside them. The part passes only if all of them do."""
    tests = sorted(before.failures)
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        output = Path(folder, "again.txt")
        alone = replace(part, name=f"{part.name}, once more", tests=tests, yields=False)
        ran = _shown(alone.name, _pytest(alone, output), output)
    return replace(ran, passed_again=tuple(tests)) if ran.code == 0 else ran


def _shown(name: str, code: int, output: Path) -> Ran:
    """Print what pytest wrote, and return how it ended."""
    text = output.read_text(errors="replace")
    console.rule(f"Tests on {name}")
    sys.stdout.write(text)
    sys.stdout.flush()
    return Ran(code, {name: why or "" for name, why in _FAILURE.findall(text)})


def _pytest(part: Part, output: Path | None = None) -> int:
    """Return pytest's exit code; without `output` it prints as it goes."""
    console.print(f"{part.name}: begun")
    folder = tempfile.mkdtemp(prefix="cs-")
    first = ["nice", "-n", "5"] if part.yields and shutil.which("nice") else []
    command = [*first, sys.executable, "-m", "pytest", "-q", *part.tests, *part.options]
    environment = part.environment | {"COUNTERSIGN_TEST_FOLDER": folder}
    try:
        if output is None:
            return subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode
        with output.open("wb") as written:
            ran = subprocess.run(
                command, check=False, cwd=ROOT, env=environment, stdout=written, stderr=subprocess.STDOUT
            )
        return ran.returncode
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


def _conclude(results: dict[str, Ran], seconds: float) -> int:
    failed = [name for name, ran in results.items() if not ran.passed]
    minutes = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    for name in failed:
        for test, why in results[name].failures.items():
            console.print(f"{name}: {test}: {why[:300]}", markup=False)
    for name, ran in results.items():
        for test in ran.passed_again:
            console.print(f"{name}: {test} failed beside other work and passed by itself", markup=False)
    if failed:
        console.print(f"make test: FAILED on {' and '.join(failed)} after {minutes}", style="bold red")
        return 1
    console.print(f"make test: passed on {' and '.join(results)} in {minutes}", style="bold green")
    return 0


if __name__ == "__main__":
    sys.exit(main())
