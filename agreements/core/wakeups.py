"""Waking a background task without knowing it.

The domain writes a due row and pokes a name; `apps.py` says which task that is. A poke that is lost (no
broker, a dead worker) costs only time: the beat picks due rows up.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial

from django.db import transaction


class Wakeup(StrEnum):
    MAIL = "mail"
    EVIDENCE = "evidence"
    INSPECTION = "inspection"


_registry: dict[Wakeup, Callable[[], object]] = {}


def register(name: Wakeup, wake: Callable[[], object]) -> None:
    """Say what is to be called when `name` is poked."""
    _registry[name] = wake


def poke(name: Wakeup) -> None:
    """After this transaction's commit, wake what is registered; a failure there never reaches the caller."""
    if name in _registry:
        transaction.on_commit(partial(_wake, name), robust=True)


def _wake(name: Wakeup) -> None:
    _registry[name]()
