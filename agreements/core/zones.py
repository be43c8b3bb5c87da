"""Time zones by their names."""

from __future__ import annotations

import datetime as dt
import zoneinfo


def zone_of(name: str) -> dt.tzinfo:
    """Return the time zone of this name; UTC for one that is not known here."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC
