"""Sizes and moments as people read them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime


def size(count: int) -> str:
    """Return a number of bytes in binary units: `1.5 GiB`."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    # Rounded here: number_format cuts.
    return f"{number_format(round(value, 1), 0 if unit == 'B' else 1)} {unit}"


def moment(at: dt.datetime, *, zone: str) -> str:
    """Return a moment in a person's time zone, the zone named; an unknown zone is UTC."""
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        info = ZoneInfo("UTC")
    local = localtime(at, info)
    return f"{date_format(local, 'j F Y, H:i')} ({local.tzname()})"
