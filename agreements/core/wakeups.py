"""Waking a background task without knowing it.

The domain writes a due row and pokes a name; `apps.py` says which task that is. A poke that is lost (no
broker, a dead worker) costs only time: the beat picks due rows up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.db import transaction


class Wakeup(StrEnum):
    MAIL = "mail"
    EVIDENCE = "evidence"
    INSPECTION = "inspection"
    PUBLISHING = "publishing"
    SEALING = "sealing"
    CERTIFICATES = "certificates"
    AGREEMENTS = "agreements"
    OPENING = "opening"
    TERMS = "terms"
    INBOUND = "inbound"


_registry: dict[Wakeup, Callable[[], object]] = {}


def register(name: Wakeup, wake: Callable[[], object]) -> None:
    """Say what is to be called when `name` is poked."""
    _registry[name] = wake


def is_registered(name: Wakeup) -> bool:
    """Return whether anything is woken when `name` is poked."""
    return name in _registry


@contextmanager
def silenced() -> Iterator[None]:
    """Wake nothing within but what is registered within; afterwards all is as it was."""
    before = dict(_registry)
    _registry.clear()
    try:
        yield
    finally:
        _registry.clear()
        _registry.update(before)


def poke(name: Wakeup) -> None:
    """After this transaction's commit, wake what is registered; a failure there never reaches the caller."""
    if name not in _registry:
        return
    wakes = _registry[name]

    def wake() -> None:
        wakes()

    # A function and not a partial: Django names it in its log when it fails, and a partial has no name, so that
    # with a dead broker the logging itself would raise into the caller.
    transaction.on_commit(wake, robust=True)
