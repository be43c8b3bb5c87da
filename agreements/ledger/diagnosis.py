"""What was done to the first row that is wrong, as far as the rows around it tell."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.ledger.chain import entry_hash
from agreements.ledger.models import LedgerEntry

_NEAR: Final = 1_000
"""How far a row may have been moved to be known again: each place costs one hash."""


def diagnose(expected: int, previous: str) -> tuple[int, str]:
    """Return the wrong row's sequence and its fault; all before `expected` hold, and end in the hash `previous`."""
    try:
        return _diagnose(expected, previous)
    except (ValueError, RecursionError):
        return expected, _("its content is not what was written: it is no JSON, or no text")


def _diagnose(expected: int, previous: str) -> tuple[int, str]:
    row = LedgerEntry.objects.filter(sequence__gte=expected).order_by("sequence").first()
    if row is None:
        return expected, _("is missing: the tail was cut")
    if row.sequence == expected + 1:
        return expected, _("is missing: it was removed")
    if row.sequence != expected:
        return expected, _("is missing: rows %(first)s to %(last)s were removed") % {
            "first": expected,
            "last": row.sequence - 1,
        }
    if _fits(row, expected):
        return expected, _(
            "does not name the row before it as that is: row %(before)s, or more up to it, was put in place of another"
        ) % {"before": expected - 1}
    return _moved(row, expected, previous) or (expected, _("its content does not match its hash: it was changed"))


def _moved(row: LedgerEntry, expected: int, previous: str) -> tuple[int, str] | None:
    written_as = _written_as(row)
    if written_as is None:
        after = LedgerEntry.objects.filter(sequence=expected + 1, previous_hash=previous).first()
        inserted = after is not None and _fits(after, expected)
        return (expected, _("was inserted: the row that had this number stands behind it")) if inserted else None
    other = LedgerEntry.objects.filter(sequence=written_as).first()
    if other is not None and _written_as(other) == expected:
        return expected, _("and row %(other)s were swapped") % {"other": written_as}
    if written_as > expected:
        return expected, _("was removed: the row that stands there was written as row %(other)s") % {
            "other": written_as
        }
    return written_as, _("was inserted: the row that had this number stands at %(other)s") % {"other": expected}


def _written_as(row: LedgerEntry) -> int | None:
    """Return the sequence under which the row's content matches its hash, if that is another one nearby."""
    near = sorted(
        range(max(1, row.sequence - _NEAR), row.sequence + _NEAR), key=lambda place: abs(place - row.sequence)
    )
    return next((place for place in near if place != row.sequence and _fits(row, place)), None)


def _fits(row: LedgerEntry, sequence: int) -> bool:
    return entry_hash(row.body() | {"sequence": sequence}) == row.hash
