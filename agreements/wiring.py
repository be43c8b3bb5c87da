"""Start-up connections: which task a wake-up name means, and who renders which mail."""

from __future__ import annotations


def connect() -> None:
    """Register wake-ups and message kinds. Called once, by `apps.py`."""
