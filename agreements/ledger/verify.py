"""Walking the chain: does every row hash to what it says, and does each name the one before it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agreements.ledger.chain import GENESIS, entry_hash
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fault` is empty when the chain holds; else it says what is wrong with row `sequence`."""

    rows: int
    head_hash: str
    sequence: int | None = None
    fault: str = ""

    @property
    def holds(self) -> bool:
        return not self.fault


def verify(progress: Callable[[int], object] | None = None) -> Verdict:
    """Return the verdict on the whole ledger, stopping at the first wrong row. `progress` gets rows done so far."""
    previous, expected = GENESIS, 0
    for row in LedgerEntry.objects.order_by("sequence").iterator(chunk_size=BATCH):
        expected += 1
        fault = _fault_of(row, expected=expected, previous=previous)
        if fault:
            return Verdict(expected - 1, previous, row.sequence, fault)
        previous = row.hash
        if progress and expected % BATCH == 0:
            progress(expected)
    return _against_head(expected, previous) or _against_index(expected, previous) or Verdict(expected, previous)


def _fault_of(row: LedgerEntry, *, expected: int, previous: str) -> str:
    if row.sequence != expected:
        return f"expected row {expected}, found row {row.sequence}: rows were removed or inserted"
    if row.previous_hash != previous:
        return "does not name the row before it"
    should_be = entry_hash(
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        role=row.role,
        kind=row.kind,
        subjects=row.subjects,
        payload=row.payload,
        previous_hash=row.previous_hash,
    )
    return "" if should_be == row.hash else "its content does not match its hash"


def _against_head(rows: int, last_hash: str) -> Verdict | None:
    head = LedgerHead.objects.filter(id=1).first()
    sequence, head_hash = (head.sequence, head.hash) if head else (0, GENESIS)
    if (sequence, head_hash) == (rows, last_hash):
        return None
    return Verdict(
        rows, last_hash, rows + 1, f"the head names row {sequence}: the tail was cut, or the head was changed"
    )


def _against_index(rows: int, last_hash: str) -> Verdict | None:
    """The index of subjects decides what a page shows of a thing, so it must agree with the rows."""
    indexed: dict[int, dict[str, str]] = {}
    for subject in LedgerSubject.objects.order_by("entry_id").iterator(chunk_size=BATCH):
        indexed.setdefault(subject.entry_id, {})[subject.role] = subject.reference
    for row in LedgerEntry.objects.order_by("sequence").only("sequence", "subjects").iterator(chunk_size=BATCH):
        if indexed.pop(row.sequence, {}) != row.subjects:
            return Verdict(rows, last_hash, row.sequence, "the index of subjects does not agree with it")
    if indexed:
        return Verdict(rows, last_hash, min(indexed), "the index of subjects names a row that is not there")
    return None
