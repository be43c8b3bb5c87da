"""The one source of time, so that tests can stop it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_frozen: ContextVar[dt.datetime | None] = ContextVar("frozen", default=None)


def now() -> dt.datetime:
    """Return the present moment, timezone-aware, in UTC."""
    return _frozen.get() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the present date in UTC."""
    return now().date()


@contextmanager
def frozen(at: dt.datetime) -> Iterator[None]:
    """Stop the clock at a timezone-aware moment for the duration of the block (this thread only)."""
    if at.tzinfo is None:
        raise ValueError("a frozen moment needs a time zone")
    token = _frozen.set(at)
    try:
        yield
    finally:
        _frozen.reset(token)
