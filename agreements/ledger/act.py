"""An act: one transaction, and the ledger rows that tell of it.

Rows are collected while the act runs and appended last, just before the commit, because the chain's head is
one row that every writer locks: taken earlier it would deadlock with the locks of the things acted upon.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import transaction

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.ledger.appending import NewRow, append
from agreements.ledger.kinds import Kind
from agreements.ledger.payloads import check_payload


@dataclass(slots=True)
class Act:
    """Collects the rows of one transaction."""

    _rows: list[NewRow] = field(default_factory=list)

    def record(self, kind: Kind, *, by: Actor, as_role: str, subjects: dict[str, str], **payload: Any) -> None:
        """Add a row. `as_role` is the standing that allowed it, `subjects` maps a role ("application") to a reference.

        Raises ValueError for a payload that does not fit the kind.
        """
        check_payload(kind, payload)
        row = NewRow(now(), by.id, str(as_role), str(kind), dict(subjects), payload)
        self._rows.append(row)


_current: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def act() -> Iterator[Act]:
    """Open a transaction whose ledger rows are appended at its end; inside another act, join that one."""
    running = _current.get()
    if running is not None:
        before = len(running._rows)
        try:
            with transaction.atomic():
                yield running
        except BaseException:
            del running._rows[before:]
            raise
        return
    fresh = Act()
    token = _current.set(fresh)
    try:
        with transaction.atomic():
            yield fresh
            if fresh._rows:
                append(fresh._rows)
    finally:
        _current.reset(token)


def new_salt() -> str:
    """Return a random salt, kept in the row that holds a free text (see `text_digest`)."""
    return secrets.token_hex(16)


def text_digest(text: str, *, salt: str) -> str:
    """Return what the ledger keeps of a free text: destroying the salt erases the text for good, chain intact."""
    return hmac.digest(bytes.fromhex(salt), text.encode(), sha256).hex()
