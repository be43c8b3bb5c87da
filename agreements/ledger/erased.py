"""Which rows of the record hold a digest of something that was erased. The rows stay; nothing opens them any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from agreements.core.erased import Named
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about

_BATCH: Final = 2_000


def digests_of(*texts: tuple[str, str]) -> set[str]:
    """Return the digests that the record may hold of texts, each with its salt; of an empty text none."""
    return {text_digest(text, salt=salt) for text, salt in texts if text and salt}


def cut_texts(rows: Iterable[Any], *, text: str, salt: str, who: Named, parts: bool) -> set[str]:
    """Cut a person out of a text of each row that names them; return the digests that nothing opens any more.

    The salt (its field's name, or none) goes with it: whoever knows the rest of a text could guess the name by its
    digest. With `parts`, each part of the name is cut too: for texts that are close to this person.
    """
    digests: set[str] = set()
    for row in rows:
        before = getattr(row, text)
        after = who.cut(before, parts=parts)
        if after == before:
            continue
        if salt:
            digests |= digests_of((before, getattr(row, salt)))
            setattr(row, salt, "")
        setattr(row, text, after)
        row.save(update_fields=[text, *([salt] if salt else [])])
    return digests


def rows_holding(digests: Collection[str], *, about: Iterable[str]) -> list[int]:
    """Return the sequences of the rows whose payload holds one of the digests, in order.

    Looked for among the rows that name one of `about`, and among all others only for what is not found there.
    """
    wanted, found = set(digests) - {""}, {}
    for row in entries_about(*about).iterator(chunk_size=_BATCH):
        if held := _held(row, wanted):
            found[row.sequence] = held
    missing = wanted - set().union(*found.values())
    if missing:
        for row in LedgerEntry.objects.order_by("sequence").iterator(chunk_size=_BATCH):
            if held := _held(row, missing):
                found[row.sequence] = held
    return sorted(found)


def _held(row: LedgerEntry, wanted: set[str]) -> set[str]:
    return {value for value in _texts(row.payload) if value in wanted}


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
