"""What the private store remembers of the record's head, so that an older database is known for what it is.

One object, replaced whole. It carries a tag under a key derived from a master key: whoever can write to the store and
has no key can take it away, which is logged, and cannot make it say something else.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import dataclass
from typing import Any, Final

from agreements.core import secrets
from agreements.core.clock import now
from agreements.keys import master_keys
from agreements.ledger import queries
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject

log = logging.getLogger(__name__)

KEY: Final = "record-head.json"
_LIMIT: Final = 64 * 1024
_TAG_BYTES: Final = 32


class _Refused(ValueError):
    """What the store holds was not written by this site, or not surely."""


@dataclass(frozen=True, slots=True)
class Point:
    """A row of the record by its number and hash, and when the store was told of it."""

    sequence: int
    hash: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """The newest head, and heads of chains that a restore took away and that no steward has reconciled yet."""

    head: Point
    lost: tuple[Point, ...] = ()

    @property
    def points(self) -> tuple[Point, ...]:
        return (self.head, *self.lost)


def head_of_database() -> Point:
    """Return the head as this database has it."""
    found = queries.head()
    return Point(found.sequence, found.hash, now())


def read() -> Memory | None:
    """Return what the store remembers; None if it remembers nothing that can be trusted, which is logged.

    Raises OSError where the store is out of reach.
    """
    store = stores.papers()
    try:
        data = b"".join(store.open_range(KEY, 0, min(store.size(KEY), _LIMIT)))
    except NoSuchObject:
        return None
    try:
        return _parsed(data)
    except (ValueError, KeyError, TypeError, AttributeError, secrets.UnknownKey) as error:
        log.error("%s in the private store cannot be trusted (%s): it is written anew", KEY, _why(error))
        return None


def write(memory: Memory) -> None:
    """Replace what the store remembers, at once. Raises OSError where the store is out of reach."""
    body = {"head": _as_json(memory.head), "lost": [_as_json(point) for point in memory.lost]}
    number = secrets.key_ring().current
    whole = {**body, "key": number, "tag": _tag(body, number)}
    stores.papers().put(KEY, iter([json.dumps(whole, sort_keys=True, indent=1).encode()]))


def _parsed(data: bytes) -> Memory:
    whole: dict[str, Any] = json.loads(data)
    body = {"head": whole["head"], "lost": whole["lost"]}
    if int(whole["key"]) in master_keys.compromised():
        raise _Refused("others may have its key")
    if not secrets.same(str(whole["tag"]), _tag(body, int(whole["key"]))):
        raise _Refused("the tag does not fit")
    return Memory(_point(body["head"]), tuple(map(_point, body["lost"])))


def _why(error: Exception) -> str:
    """Return our own words, or what kind of error it is: what others say may quote what the file holds."""
    return str(error) if type(error) is _Refused else type(error).__name__


def _tag(body: dict[str, Any], number: int) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return secrets.key_ring().derive(secrets.RECORD_HEAD, text.encode(), number=number, length=_TAG_BYTES).hex()


def _as_json(point: Point) -> dict[str, Any]:
    return {"sequence": point.sequence, "hash": point.hash, "at": point.at.isoformat()}


def _point(value: dict[str, Any]) -> Point:
    return Point(int(value["sequence"]), str(value["hash"]), dt.datetime.fromisoformat(value["at"]))
