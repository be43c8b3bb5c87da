"""Numbers of bytes as people read them."""

from __future__ import annotations

from django.utils.formats import number_format


def size(count: int) -> str:
    """Return a number of bytes in binary units: `1.5 GiB`."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    # Rounded here: number_format cuts.
    return f"{number_format(round(value, 1), 0 if unit == 'B' else 1)} {unit}"
