"""Holding a grant's row for the moment in which something is decided under it."""

from __future__ import annotations

from django.db import connection

from agreements.grants.links import tokens
from agreements.grants.models import Grant, Link


def share(token: str) -> None:
    """Hold off whoever wants to change the grant of a token's link, not others who download under it.

    One cheap query, so that what decides is read once, under the lock. SQLite's transaction holds off all writers.
    """
    found = tokens.read(token)
    if found is not None and connection.features.has_select_for_update:
        of_link = f"SELECT grant_id FROM {Link._meta.db_table} WHERE link_id = %s"  # noqa: S608 - our own tables
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {Grant._meta.db_table} WHERE id = ({of_link}) FOR SHARE", [found[0]])  # noqa: S608
