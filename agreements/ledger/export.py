"""The record as JSON Lines, for whoever keeps a copy or checks the chain with tools of their own."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from agreements.ledger.chain import as_json
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import BATCH


def lines(entries: QuerySet[LedgerEntry] | None = None) -> Iterator[str]:
    """Yield each entry, or only those given, oldest first, as one line without its end.

    A line is the canonical JSON that was hashed (see `chain.py`) with `hash` beside it: without that key, and
    written again in the same way, its SHA-256 is the hash. `verify_record.py` beside this checks them.
    """
    chosen = LedgerEntry.objects.all() if entries is None else entries
    for row in chosen.order_by("sequence").iterator(chunk_size=BATCH):
        yield as_json(row.body() | {"hash": row.hash})
