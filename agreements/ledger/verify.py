"""The verdict on the record: the chain, its head, and the index of subjects by which pages find rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from agreements.core.errors import Invalid
from agreements.ledger import queries
from agreements.ledger.chain import GENESIS
from agreements.ledger.diagnosis import diagnose
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject
from agreements.ledger.walking import Progress, walk, walk_in_processes

BATCH: Final = 2_000
_NOTHING: Final[tuple[int | None, list[tuple[str, str]]]] = (None, [])


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rows` is the number of the last row that holds. `fault` is empty, or says what is wrong with row `sequence`."""

    rows: int
    head_hash: str
    sequence: int | None = None
    fault: str = ""

    @property
    def holds(self) -> bool:
        return not self.fault


def verify(
    progress: Progress | None = None, *, since: int = 0, until: int | None = None, processes: int = 1
) -> Verdict:
    """Return the verdict on the ledger, stopping at the first wrong row. `progress` gets the rows done so far.

    Rows up to `since` are trusted as they are; nothing is looked at behind `until`. Acts may go on meanwhile: what is
    appended behind the head that stood when this began is left to the next time. Raises Invalid for a row to begin
    behind that is not there.
    """
    head = queries.head()
    previous = trusted_hash(since)
    end = head.sequence if until is None else min(until, head.sequence)
    if processes > 1 and end > since:
        walked = walk_in_processes(since, end, previous, progress, processes=processes)
    else:
        walked = walk(since, end, previous, progress)
    return (
        _wrong_row(walked.is_wrong, head, walked.last, walked.last_hash)
        or (None if until is not None else _against_head(head, walked.last, walked.last_hash))
        or (None if until is not None else _outside(walked.last, walked.last_hash))
        or (_against_index(since, walked.last, walked.last_hash) if walked.index_is_wrong else None)
        or Verdict(walked.last, walked.last_hash)
    )


def trusted_hash(sequence: int) -> str:
    """Return the hash that the row has. Raises Invalid where there is none."""
    if sequence == 0:
        return GENESIS
    found = LedgerEntry.objects.filter(sequence=sequence).values_list("hash", flat=True).first()
    if found is None:
        raise Invalid(_("There is no row %(row)s to begin behind.") % {"row": sequence})
    return found


def _wrong_row(is_wrong: bool, head: LedgerHead, rows: int, last_hash: str) -> Verdict | None:
    if not is_wrong:
        return None
    if not LedgerEntry.objects.filter(sequence__gt=rows, sequence__lte=head.sequence).exists():
        return _against_head(head, rows, last_hash)
    return Verdict(rows, last_hash, *diagnose(rows + 1, last_hash))


def _against_head(head: LedgerHead, rows: int, last_hash: str) -> Verdict | None:
    if (head.sequence, head.hash) == (rows, last_hash):
        return None
    words = _("the head names row %(row)s: the tail was cut, or the head was changed") % {"row": head.sequence}
    return Verdict(rows, last_hash, rows + 1, words)


def _outside(rows: int, last_hash: str) -> Verdict | None:
    """Every act moves the head with its rows, so that at no moment a row stands behind it. One query: one moment."""
    present = Coalesce(Subquery(LedgerHead.objects.filter(id=1).values("sequence")), Value(0))
    for row in (LedgerEntry.objects.filter(sequence__gt=present), LedgerEntry.objects.filter(sequence__lt=1)):
        if (stray := row.order_by("sequence").first()) is not None:
            words = _("stands behind the head or before the first row: it was not written by an act")
            return Verdict(rows, last_hash, stray.sequence, words)
    for subject in (LedgerSubject.objects.filter(entry_id__gt=present), LedgerSubject.objects.filter(entry_id__lt=1)):
        if (line := subject.order_by("entry_id").first()) is not None:
            return Verdict(rows, last_hash, line.entry_id, _("the index of subjects names a row that is not there"))
    return None


def _against_index(since: int, rows: int, last_hash: str) -> Verdict | None:
    """Name the row with which the index of subjects does not agree: it decides what a page shows of a thing."""
    subjects = LedgerSubject.objects.filter(entry_id__gt=since, entry_id__lte=rows).order_by("entry_id")
    groups = groupby(subjects.iterator(chunk_size=BATCH), key=lambda subject: subject.entry_id)
    # Pairs, not a mapping: a second line for one role must not hide behind the first.
    indexed = ((number, sorted((subject.role, subject.reference) for subject in group)) for number, group in groups)
    at, found = next(indexed, _NOTHING)
    entries = LedgerEntry.objects.filter(sequence__gt=since, sequence__lte=rows).order_by("sequence")
    for row in entries.only("sequence", "subjects").iterator(chunk_size=BATCH):
        if at is not None and at < row.sequence:
            break
        here = found if at == row.sequence else []
        if here != sorted(row.subjects.items()):
            return Verdict(rows, last_hash, row.sequence, _("the index of subjects does not agree with it"))
        if at == row.sequence:
            at, found = next(indexed, _NOTHING)
    if at is not None:
        return Verdict(rows, last_hash, at, _("the index of subjects names a row that is not there"))
    return None
