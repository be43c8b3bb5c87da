"""Sizes and moments as people read them."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.core.zones import zone_of


def moment(at: dt.datetime, *, zone: str) -> str:
    """Return a moment in a person's time zone, the zone named; an unknown zone is UTC."""
    local = _local(at, zone)
    return f"{date_format(local, 'j F Y, H:i')} ({local.tzname()})"


def day(at: dt.datetime, *, zone: str) -> str:
    """Return the day of a moment in a person's time zone; an unknown zone is UTC."""
    return date_format(_local(at, zone), "j F Y")


def duration(length: dt.timedelta) -> str:
    """Return a duration in words, in the largest unit that it is a whole number of: `7 days`, `15 minutes`."""
    minutes = round(length.total_seconds() / 60)
    if minutes % 1440 == 0:
        days = minutes // 1440
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}


def copies(version: str) -> str:
    """Return what counts as a copy, under a version of the terms: the one wording of what must be destroyed."""
    words = _(
        "the archives, what was unpacked from them and, as far as the terms (version %(version)s) bind it, what was "
        "derived from them"
    )
    return words % {"version": version}


def every_copy(version: str) -> str:
    """Return the same with the places where none may be left, for what asks to destroy them."""
    words = _("%(copies)s; also in backups, on shared or remote storage, and on any other device")
    return words % {"copies": copies(version)}


def _local(at: dt.datetime, zone: str) -> dt.datetime:
    return localtime(at, zone_of(zone))
