"""One writer of `bench.record`: appends until the time is over and prints how often it did.

``python -m bench.record_writer WAY START SECONDS``: START as a Unix time, so that all writers begin together.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

import django


def main(way: str, start: float, seconds: float) -> None:
    """Do it, with a connection of its own."""
    django.setup()
    work = WAYS[way]()
    work()
    time.sleep(max(0.0, start - time.time()))
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        work()
        done += 1
    print(done)


def act_of_one_row() -> Callable[[], object]:
    """Return what the product does: an act with one row, checked, chained, hashed, with an index of three subjects."""
    from agreements.core import actors
    from agreements.ledger.act import act
    from agreements.ledger.kinds import Kind

    by = actors.job("bench")
    subjects = {"grant": "GB-G-000001", "dataset": "genebody", "person": "00000000-0000-4000-8000-000000000000"}

    def work() -> None:
        with act() as record:
            record.record(Kind.PASSWORD_REVEALED, by=by, as_role="holder", subjects=subjects, seal_number=1)

    return work


def plain_row() -> Callable[[], object]:
    """Return what an audit log without a chain does: one row through the ORM, in a transaction."""
    from django.db import transaction

    from agreements.core.clock import now
    from agreements.ledger.models import Restoration

    def work() -> None:
        with transaction.atomic():
            Restoration.objects.create(noticed_at=now(), cause="bench", found_sequence=1, found_hash="0" * 64)

    return work


WAYS: Final = {"act": act_of_one_row, "plain": plain_row}

if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
