"""Where a `next` parameter may lead: to a path of this site, nowhere else."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(value: str | None) -> str | None:
    """Return the value if it is an absolute path of this site, None for anything else (another host, a scheme)."""
    if not value or not value.startswith("/") or len(value) > 2000:
        return None
    # No host is allowed at all: `//evil`, `/\\evil` and control characters are refused by Django's check.
    return value if url_has_allowed_host_and_scheme(value, allowed_hosts=None) else None
