"""The record on PostgreSQL: appends a second with eight writers, rows verified a second, an organization's end.

``python -m bench.record --json FILE --quick``. Beside the promised figures stand what an audit log without a chain
appends, what a walk through the ORM verifies, and what ending one access after the other takes, in the same run.
"""

from __future__ import annotations

import base64
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from typing import Final

from bench.rows import Row, arguments, report
from portal.embedded.children import ROOT
from tests.services import postgres

WRITERS: Final = 8
STARTING: Final = 6.0
"""Seconds after which every writer is there."""


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__)
    seconds, rounds, length, asked = (2.0, 1, 40_000, 200) if options.quick else (4.0, 3, 400_000, 1000)
    with postgres.running() as database:
        environment = _environment(database.url)
        _manage(environment, "migrate", "-v0")
        appended: dict[str, list[float]] = {"act": [], "plain": []}
        for _ in range(rounds):
            for way, found in appended.items():
                found.append(_appended(environment, way, seconds))
        ended = _ended(environment, asked)
        verified = _verified(environment, length)
    facts = {
        "rows verified/s, one process": verified["one"],
        "longest renewal of somebody else meanwhile, s": ended["longest"],
    }
    acts, plain = (statistics.median(appended[way]) for way in ("act", "plain"))
    rows = [*_of_appending(acts, plain), *_of_verifying(verified), *_of_ending(ended, asked)]
    report(rows, title="record", json_file=options.json, facts=facts)


def _of_appending(acts: float, plain: float) -> list[Row]:
    rate = partial(Row, ours=acts, unit="rows/s")
    return [
        rate(promise="acts of one row, 8 writers", against=1000, target=1),
        rate(promise="acts of one row, against a row without chain through the ORM", against=plain, target=0.5),
    ]


def _of_verifying(verified: dict[str, float]) -> list[Row]:
    rate = partial(Row, ours=verified["all"], unit="rows/s")
    return [
        rate(promise="rows verified", against=200_000, target=1),
        rate(promise="rows verified, against a walk through the ORM", against=verified["naive"], target=5),
    ]


def _of_ending(ended: dict[str, float], asked: int) -> list[Row]:
    """What was to end is `asked`: nothing that is counted afterwards is measured against itself."""
    time_taken = partial(Row, ours=ended["at once"], unit="s", direction="at most")
    reached = partial(Row, against=asked, target=1, unit="")
    return [
        time_taken(promise=f"{asked} accesses of an organization ended in one transaction", against=5, target=1),
        time_taken(promise="the same, against ending one after the other", against=ended["one by one"], target=0.5),
        reached(promise="accesses whose every link is refused on the next request, of all", ours=ended["refused"]),
        reached(promise="notices queued, of all", ours=ended["notices"]),
    ]


def _appended(environment: dict[str, str], way: str, seconds: float) -> float:
    """Return the rows a second of all writers together."""
    start = time.time() + STARTING
    command = [sys.executable, "-m", "bench.record_writer", way, str(start), str(seconds)]
    writers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)
    ]
    return sum(int(writer.communicate()[0]) for writer in writers) / seconds


def _ended(environment: dict[str, str], count: int) -> dict[str, float]:
    """Return seconds, and how many accesses were refused by every link, and notices queued."""
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder:
        stores = {f"COUNTERSIGN_VAULT_{name}": f"folder:{folder}/{name}" for name in ("ARCHIVES", "DELIVERY", "PAPERS")}
        command = [sys.executable, "-m", "bench.record_ending", str(count), f"{folder}/scene"]
        done = subprocess.run(
            command, check=True, cwd=ROOT, env=environment | stores, stdout=subprocess.PIPE, text=True
        )
    figures = map(float, done.stdout.split())
    return dict(zip(("at once", "one by one", "longest", "refused", "notices"), figures, strict=True))


def _verified(environment: dict[str, str], length: int) -> dict[str, float]:
    """Return the rows verified a second in all processes, in one, and by the naive walk."""
    command = [sys.executable, "-m", "bench.record_verifier", str(length)]
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    return dict(zip(("all", "one", "naive"), map(float, done.stdout.split()), strict=True))


def _manage(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], check=True, cwd=ROOT, env=environment)


def _environment(database_url: str) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    return outside | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_DATABASE_URL": database_url,
    }


if __name__ == "__main__":
    main()
