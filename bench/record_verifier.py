"""The verifying half of `bench.record`: fills the ledger to a length and prints rows a second, three ways."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import django

BATCH = 1_000


def main(length: int) -> None:
    """Print rows a second in as many processes as there are processors, in one, and row by row through the ORM."""
    django.setup()
    from agreements.ledger.verify import verify

    _fill(length)
    processors = os.cpu_count() or 1
    print(_best(length, lambda: verify(processes=processors)), _best(length, verify), _naive(min(length, 40_000)))


def _best(length: int, work: Callable[[], object]) -> float:
    from agreements.ledger.models import LedgerHead

    rows, best = LedgerHead.objects.get().sequence, 0.0
    for _ in range(2):
        began = time.perf_counter()
        verdict = work()
        best = max(best, rows / (time.perf_counter() - began))
        assert getattr(verdict, "holds", False), verdict
    return best


def _naive(rows: int) -> float:
    from agreements.ledger.chain import entry_hash
    from agreements.ledger.models import LedgerEntry

    began = time.perf_counter()
    for entry in LedgerEntry.objects.filter(sequence__lte=rows).order_by("sequence").iterator():
        assert entry_hash(entry.body()) == entry.hash
    return rows / (time.perf_counter() - began)


def _fill(length: int) -> None:
    from agreements.core import actors
    from agreements.ledger.act import act
    from agreements.ledger.kinds import Kind

    by = actors.job("bench")
    for number in range(length // BATCH):
        with act() as record:
            for place in range(BATCH):
                grant = f"GB-G-{number * BATCH + place:06}"
                record.record(
                    Kind.LINK_ISSUED,
                    by=by,
                    as_role="system",
                    subjects={"grant": grant, "dataset": "genebody", "person": f"0b5e3a34-0000-4000-8000-{place:012}"},
                    archive=f"train40/part-{place}.zip",
                    version=1,
                    expires="2026-03-02T12:00:00+00:00",
                )


if __name__ == "__main__":
    main(int(sys.argv[1]))
