"""Walking rows in order: does each hash to what it says, and does it name the one before it? In one process or more.

A range of rows is walked by itself; that its first row names the last of the range before is looked at afterwards.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import django
from django.db import connection, connections

from agreements.ledger import reading

BATCH: Final = 10_000
"""Rows that are read at once; each takes about one kilobyte."""
RANGE: Final = 100_000
"""Rows that a process takes on at once."""

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a walk came. `last` is the last row that is right; `is_wrong` says that the next one is not."""

    first_previous: str
    last: int
    last_hash: str
    is_wrong: bool = False
    index_is_wrong: bool = False


def walk(after: int, until: int, previous: str | None, progress: Progress | None = None) -> Walked:
    """Walk the rows behind `after`, whose hash is `previous`; None takes the first row's word for that."""
    first, last, last_hash, index_is_wrong = previous or "", after, previous or "", False
    while last < until:
        began, subjects = last, 0
        for row in reading.rows_between(last, until, most=BATCH):
            if previous is None:
                first = previous = row.previous_hash
                last_hash = previous
            is_next = row.sequence == last + 1 and row.previous_hash == last_hash
            if not is_next or sha256(row.text).hexdigest() != row.hash:
                return Walked(first, last, last_hash, is_wrong=True, index_is_wrong=index_is_wrong)
            last, last_hash = row.sequence, row.hash
            subjects += row.subjects
        if last == began:
            return Walked(first, last, last_hash, is_wrong=True, index_is_wrong=index_is_wrong)
        index_is_wrong = index_is_wrong or reading.rows_off_the_index(began, last, subjects=subjects)
        if progress and last < until:
            progress(last)
    return Walked(first, last, last_hash, index_is_wrong=index_is_wrong)


def walk_in_processes(after: int, until: int, previous: str, progress: Progress | None, *, processes: int) -> Walked:
    """Do the same in several processes, each with a connection of its own, and join the ranges at their seams."""
    index_is_wrong, last, last_hash = False, after, previous
    for walked in _ranges(after, until, processes):
        if walked.first_previous != last_hash:
            return Walked(previous, last, last_hash, is_wrong=True, index_is_wrong=index_is_wrong)
        last, last_hash = walked.last, walked.last_hash
        index_is_wrong = index_is_wrong or walked.index_is_wrong
        if walked.is_wrong:
            return Walked(previous, last, last_hash, is_wrong=True, index_is_wrong=index_is_wrong)
        if progress and last < until:
            progress(last)
    return Walked(previous, last, last_hash, index_is_wrong=index_is_wrong)


def _ranges(after: int, until: int, processes: int) -> Iterator[Walked]:
    size = min(RANGE, -(-(until - after) // processes))
    starts = list(range(after, until, size))
    # Spawned, not forked: a connection and the threads of a progress bar must not be taken along.
    context = multiprocessing.get_context("spawn")
    name = str(connection.settings_dict["NAME"])
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(name,)) as pool:
        yield from pool.map(_walk_range, starts, [min(start + size, until) for start in starts])
        pool.shutdown(cancel_futures=True)


def _begin(database: str) -> None:
    django.setup()
    connections["default"].settings_dict["NAME"] = database


def _walk_range(after: int, until: int) -> Walked:
    return walk(after, until, None)
