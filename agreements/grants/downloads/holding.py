"""Holding a grant's row while something is decided under it, until the transaction ends; SQLite holds off all writers.

One cheap query each, so that what decides is read once, under the lock.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from agreements.grants.links import tokens
from agreements.grants.models import Grant, Link


def share(token: str) -> None:
    """Hold off whoever wants to change the grant of a token's link, not others who download under it."""
    found = tokens.read(token)
    if found is not None:
        _lock(f"(SELECT grant_id FROM {Link._meta.db_table} WHERE link_id = %s)", found[0], "SHARE")  # noqa: S608


def alone(grant: Grant) -> None:
    """Hold off others who download under a grant as well, so that one after the other is counted."""
    _lock("%s", grant.pk, "NO KEY UPDATE")


def _lock(key: str, param: Any, how: str) -> None:
    if connection.features.has_select_for_update:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {Grant._meta.db_table} WHERE id = {key} FOR {how}", [param])  # noqa: S608
