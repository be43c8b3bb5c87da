"""What a domain function raises. The message is always fit to be read by the person who acted."""

from __future__ import annotations

from collections.abc import Callable


class DomainError(Exception):
    """Base of all refusals; `str(error)` is shown to the person."""


class NotAllowed(DomainError):
    """The person may not do this (or may not know that it exists)."""


def is_allowed(check: Callable[[], object]) -> bool:
    """Return whether a check passes, that is, does not raise NotAllowed."""
    try:
        check()
    except NotAllowed:
        return False
    return True


class NotPossible(DomainError):
    """The thing is not in a state in which this can be done."""


class MovedOn(DomainError):
    """What the person saw has changed meanwhile. `changes` lists in words what is different."""

    def __init__(self, message: str, *, changes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.changes = changes


class Invalid(DomainError):
    """What was given cannot be accepted. `field` names the form field it belongs to, if any."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooMany(DomainError):
    """A limit was reached; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
