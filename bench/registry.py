"""What a whole organization registry costs: reading its dump, writing it, holding it, asking it.

``python -m bench.registry --json FILE --quick``, on SQLite. The dump is made up, of the size of the real one and in its
schema: 110,000 active organizations (``--quick``: 11,000). Promise: a domain is looked up in under 1 ms.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.rows import Row, arguments, report

ASKED = 2000


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__)
    wanted = 11_000 if options.quick else 110_000
    with tempfile.TemporaryDirectory(prefix="cs-rg-") as folder:
        os.environ["COUNTERSIGN_TEST_FOLDER"] = folder
        os.environ["COUNTERSIGN_DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        facts, looked_up = _measured(Path(folder), wanted)
    row = Row(
        promise="one domain looked up in the loaded registry, the query for its row included",
        ours=looked_up * 1000,
        against=1.0,
        target=1.0,
        unit="ms",
        direction="at most",
    )
    report([row], title="bench.registry", json_file=options.json, facts=facts)


def _measured(folder: Path, wanted: int) -> tuple[dict[str, object], float]:
    from agreements.core.actors import job
    from agreements.identity import completion, registry, registry_loading
    from tests.identity import dumps

    dump = dumps.write(folder / "v9.9-2026-01-01-ror-data.zip", dumps.many(wanted), inside="v9.9_schema_v2.json")
    facts: dict[str, object] = {}
    planned = _timed(facts, "reading", lambda: registry_loading.plan(dump))
    # Kilobytes on Linux: getrusage(2).
    facts["peak memory while reading, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    before = (folder / "bench.sqlite3").stat().st_size
    _timed(facts, "writing, one transaction", lambda: registry_loading.carry_out(planned, by=job("bench")))
    facts["organizations"] = len(planned.organizations)
    facts["in the database, MB"] = ((folder / "bench.sqlite3").stat().st_size - before) / 1e6
    _timed(facts, "loading it into a process", registry.load)
    domains = [each.domain for each in planned.domains[:: max(1, len(planned.domains) // ASKED)]][:ASKED]
    began = time.perf_counter()
    for domain in domains:
        held = registry.load()
        assert held is not None
        assert held.matches(f"mail.{domain}")
    looked_up = (time.perf_counter() - began) / len(domains)
    names = [each.name for each in planned.organizations[:: max(1, wanted // 20)]][:20]
    began = time.perf_counter()
    for name in names:
        assert completion.complete(name[:12])
    facts["completing a name, ms"] = (time.perf_counter() - began) / len(names) * 1000
    return facts, looked_up


def _timed(facts: dict[str, object], what: str, work: Callable[[], Any]) -> Any:
    began, used = time.perf_counter(), time.process_time()
    result = work()
    facts[f"{what}, s"] = time.perf_counter() - began
    facts[f"{what}, s of one core"] = time.process_time() - used
    return result


if __name__ == "__main__":
    main()
