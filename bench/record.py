"""The record: appends a second with eight writers, rows verified a second, on PostgreSQL.

``python -m bench.record --json FILE --quick``. Beside the promised figures stand what an audit log without a chain
appends, and what a walk through the ORM verifies, in the same run.
"""

from __future__ import annotations

import base64
import os
import secrets
import statistics
import subprocess
import sys
import time
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
    seconds, rounds, length = (2.0, 1, 40_000) if options.quick else (4.0, 3, 400_000)
    with postgres.running() as database:
        environment = _environment(database.url)
        _manage(environment, "migrate", "-v0")
        appended: dict[str, list[float]] = {"act": [], "plain": []}
        for _ in range(rounds):
            for way, found in appended.items():
                found.append(_appended(environment, way, seconds))
        verified = _verified(environment, length)
    acts, plain = (statistics.median(appended[way]) for way in ("act", "plain"))
    rows = [
        Row(promise="acts of one row, 8 writers", ours=acts, against=1000, target=1, unit="rows/s"),
        Row(
            promise="acts of one row, against a row without chain through the ORM",
            ours=acts,
            against=plain,
            target=0.5,
            unit="rows/s",
        ),
        Row(promise="rows verified", ours=verified["all"], against=200_000, target=1, unit="rows/s"),
        Row(
            promise="rows verified, against a walk through the ORM",
            ours=verified["all"],
            against=verified["naive"],
            target=5,
            unit="rows/s",
        ),
    ]
    report(rows, title="record", json_file=options.json, facts={"rows verified/s, one process": verified["one"]})


def _appended(environment: dict[str, str], way: str, seconds: float) -> float:
    """Return the rows a second of all writers together."""
    start = time.time() + STARTING
    command = [sys.executable, "-m", "bench.record_writer", way, str(start), str(seconds)]
    writers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)
    ]
    return sum(int(writer.communicate()[0]) for writer in writers) / seconds


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
