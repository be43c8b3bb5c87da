"""Redeeming a shared and an open link against a view that does one indexed query: same server, same run.

``python -m bench.links --json FILE --quick``. A real `delivery` process on PostgreSQL and an S3 server; what is asked
for is the redirect, not the bytes.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.asking import rate
from bench.rows import Row, arguments, report
from portal.embedded import parts
from portal.embedded.children import ROOT, Child, wait_until
from tests.services import postgres, seaweed
from tests.services.ports import free_port

TARGET: Final = 0.6
STATUS: Final = {"one-query": 200, "shared": 302, "open": 302}
ROUNDS: Final = 5
SECONDS: Final = 2.0


def main() -> None:
    """Measure in turns, so that a noisy moment meets all alike, and print the medians."""
    options = arguments(__doc__)
    rounds, seconds = (2, 1.0) if options.quick else (ROUNDS, SECONDS)
    rates: dict[str, list[float]] = {name: [] for name in STATUS}
    with tempfile.TemporaryDirectory(prefix="cs-bl-") as folder, _site(Path(folder)) as (port, paths):
        for _ in range(rounds):
            for name, status in STATUS.items():
                rates[name].append(rate(port, paths[name], status=status, seconds=seconds))
    median = {name: statistics.median(found) for name, found in rates.items()}
    rows = [
        Row(
            promise=f"redeeming a {name} link, against a view with one indexed query",
            ours=median[name],
            against=median["one-query"],
            target=TARGET,
            unit="answers/s",
        )
        for name in ("shared", "open")
    ]
    report(rows, title="links", json_file=options.json)


@contextmanager
def _site(folder: Path) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Run database, object store and `delivery`; give its port and the paths to ask."""
    with postgres.running() as database, seaweed.running(folder / "s3") as store:
        environment = _environment(database.url, store)
        filled = subprocess.run(
            [sys.executable, "-m", "bench.links_scene", str(folder / "files")],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        port = free_port()
        part = parts.delivery_server("127.0.0.1", port)
        log = folder / "delivery.log"
        server = Child("delivery", part.command, log=log, environment=environment | part.environment)
        try:
            if not wait_until(lambda: part.ready(server), 60):
                raise RuntimeError(f"delivery did not start:\n{server.output()}")
            yield port, json.loads(filled.stdout)
        finally:
            server.stop(10)


def _environment(database_url: str, store: seaweed.Seaweed) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    return outside | {
        "DJANGO_SETTINGS_MODULE": "bench.links_settings",
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_DATABASE_URL": database_url,
        "COUNTERSIGN_TRUSTED_PROXIES": "1",
        "COUNTERSIGN_VAULT_ARCHIVES": "s3:archives",
        "COUNTERSIGN_VAULT_DELIVERY": "s3:delivery",
        "COUNTERSIGN_VAULT_PAPERS": "s3:papers",
        "COUNTERSIGN_S3_ENDPOINT": store.endpoint,
        "COUNTERSIGN_S3_PUBLIC_ENDPOINT": store.endpoint,
        "COUNTERSIGN_S3_ACCESS_KEY": store.access_key,
        "COUNTERSIGN_S3_SECRET_KEY": store.secret_key,
    }


if __name__ == "__main__":
    main()
