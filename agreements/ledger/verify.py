"""Walking the chain: does every row hash to what it says, and does each name the one before it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from agreements.ledger.chain import GENESIS, entry_hash
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject

BATCH: Final = 2_000
_NOTHING: Final[tuple[int | None, list[tuple[str, str]]]] = (None, [])


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
    """Return the verdict on the whole ledger, stopping at the first wrong row. `progress` gets rows done so far.

    Acts may go on meanwhile: what is appended behind the head that stood when this began is left to the next time.
    """
    head = LedgerHead.objects.filter(id=1).first() or LedgerHead()
    previous, expected = GENESIS, 0
    for row in LedgerEntry.objects.filter(sequence__lte=head.sequence).order_by("sequence").iterator(chunk_size=BATCH):
        expected += 1
        fault = _fault_of(row, expected=expected, previous=previous)
        if fault:
            return Verdict(expected - 1, previous, row.sequence, fault)
        previous = row.hash
        if progress and expected % BATCH == 0:
            progress(expected)
    return (
        _against_head(head, expected, previous)
        or _behind_the_head(expected, previous)
        or _against_index(head, expected, previous)
        or Verdict(expected, previous)
    )


def _fault_of(row: LedgerEntry, *, expected: int, previous: str) -> str:
    if row.sequence != expected:
        return f"expected row {expected}, found row {row.sequence}: rows were removed or inserted"
    if row.previous_hash != previous:
        return "does not name the row before it"
    return "" if entry_hash(row.body()) == row.hash else "its content does not match its hash"


def _against_head(head: LedgerHead, rows: int, last_hash: str) -> Verdict | None:
    if (head.sequence, head.hash) == (rows, last_hash):
        return None
    fault = f"the head names row {head.sequence}: the tail was cut, or the head was changed"
    return Verdict(rows, last_hash, rows + 1, fault)


def _behind_the_head(rows: int, last_hash: str) -> Verdict | None:
    """Every act moves the head with its rows, so that at no moment a row stands behind it. One query: one moment."""
    present = Coalesce(Subquery(LedgerHead.objects.filter(id=1).values("sequence")), Value(0))
    row = LedgerEntry.objects.filter(sequence__gt=present).order_by("sequence").first()
    if row is not None:
        return Verdict(rows, last_hash, row.sequence, "stands behind the head: it was not written by an act")
    subject = LedgerSubject.objects.filter(entry_id__gt=present).order_by("entry_id").first()
    if subject is not None:
        return Verdict(rows, last_hash, subject.entry_id, "the index of subjects names a row that is not there")
    return None


def _against_index(head: LedgerHead, rows: int, last_hash: str) -> Verdict | None:
    """The index of subjects decides what a page shows of a thing, so it must agree with the rows."""
    subjects = LedgerSubject.objects.filter(entry_id__lte=head.sequence).order_by("entry_id")
    groups = groupby(subjects.iterator(chunk_size=BATCH), key=lambda subject: subject.entry_id)
    # Pairs, not a mapping: a second line for one role must not hide behind the first.
    indexed = ((number, sorted((subject.role, subject.reference) for subject in group)) for number, group in groups)
    at, found = next(indexed, _NOTHING)
    entries = LedgerEntry.objects.filter(sequence__lte=head.sequence).order_by("sequence").only("sequence", "subjects")
    for row in entries.iterator(chunk_size=BATCH):
        if at is not None and at < row.sequence:
            break
        here = found if at == row.sequence else []
        if here != sorted(row.subjects.items()):
            return Verdict(rows, last_hash, row.sequence, "the index of subjects does not agree with it")
        if at == row.sequence:
            at, found = next(indexed, _NOTHING)
    if at is not None:
        return Verdict(rows, last_hash, at, "the index of subjects names a row that is not there")
    return None
