"""Slowing down whoever tries tokens.

A token has 128 bits of tag, so this protects no secret: it keeps a flood cheap. The counts are this process's own,
because a bad token costs no query and must not begin to cost one.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from typing import Final

from agreements.core.clock import now

MOST: Final = 30
"""Refusals for one client address within the window; further ones are told to wait."""
WINDOW: Final = 600
"""Seconds."""
REMEMBERED: Final = 10_000
"""Addresses; the longest known are forgotten first."""

_lock = threading.Lock()
_counts: OrderedDict[str, tuple[float, int]] = OrderedDict()


def count_refusal(address: str) -> bool:
    """Count one refusal for a client address, and return whether there were too many of them."""
    key = network_of(address)
    at = now().timestamp()
    with _lock:
        began, count = _counts.get(key, (at, 0))
        if at - began >= WINDOW:
            began, count = at, 0
        _counts[key] = (began, count + 1)
        while len(_counts) > REMEMBERED:
            _counts.popitem(last=False)
    return count + 1 > MOST


def forget() -> None:
    """Begin anew, for tests."""
    with _lock:
        _counts.clear()


def network_of(address: str, *, bits: int = 64) -> str:
    """Return the address, or the IPv6 network that it is in: one link; with 48 bits, the most that a site is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, bits), strict=False)) if parsed.version == 6 else address
