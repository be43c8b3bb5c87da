"""What somebody who holds the database can do: write the chain anew, so that it holds by itself."""

from __future__ import annotations

from agreements.ledger.chain import GENESIS, entry_hash
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject
from tests.ledger.lifting import triggers_lifted


def written_anew(from_row: int, actor: str = "system:x") -> None:
    """Give a row another actor, and all behind it the hashes that follow from that."""
    with triggers_lifted():
        rows = list(LedgerEntry.objects.filter(sequence__gte=from_row).order_by("sequence"))
        before = LedgerEntry.objects.filter(sequence=from_row - 1).first()
        rows[0].actor, previous = actor, before.hash if before else GENESIS
        for row in rows:
            row.previous_hash = previous
            row.hash = previous = entry_hash(row.body())
            row.save()
        LedgerHead.objects.update(hash=previous)


def tail_cut(to_row: int) -> None:
    """Take away all rows behind one, with all traces."""
    with triggers_lifted():
        LedgerSubject.objects.filter(entry_id__gt=to_row).delete()
        LedgerEntry.objects.filter(sequence__gt=to_row).delete()
        last = LedgerEntry.objects.filter(sequence=to_row).first()
        LedgerHead.objects.update(sequence=to_row, hash=last.hash if last else GENESIS)
