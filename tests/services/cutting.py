"""Fifty downloads that are to be cut, and what is known of their ends: for the test and the bench."""

from __future__ import annotations

import datetime as dt
from typing import Final

from tests.services.delivery_site import Site
from tests.services.namespace import Network
from tests.services.readers import Reader

PRODUCED: Final = 5.0
"""Seconds after the commit from which on nothing is produced."""
DRAINS: Final = 768 * 1024
"""Bytes that may still leave the proxy for one client; docs/operations.md, "Cutting downloads", says where they are."""
SLOW: Final = 50_000
GRANTS: Final = 4
STAYS: Final = 3
"""The place of the grant that is not revoked."""
CUT: Final = [number for number in range(50) if number < 2 or number % GRANTS != STAYS]


def bound_of(network: Network) -> int:
    """Return how many bytes may drain here: the stated bound, or what the machine's own settings make of it."""
    if network.own:
        return DRAINS
    return DRAINS + network.setting("net.ipv4.tcp_wmem")[2] + network.setting("net.ipv4.tcp_rmem")[2]


def fifty(paths: list[str]) -> list[Reader]:
    """Return two that read at 50 kB/s, one of them after it went fast, and others at 2 MB/s, on all links alike."""
    slow = [Reader(paths[0], pace=SLOW), Reader(paths[0], pace=SLOW, burst=30_000_000)]
    return slow + [Reader(paths[number % GRANTS], pace=2_000_000) for number in range(2, 50)]


def closed_of(site: Site, number: int) -> list[tuple[str, float, int, float]]:
    """Return how, when (seconds since 1970), bytes and duration of a grant's downloads that have ended."""
    rows = site.database.rows(
        "SELECT c.how, c.at, c.bytes_sent, c.seconds FROM agreements_downloadclosed c "
        "JOIN agreements_downloadopened o ON o.id = c.opened_id WHERE o.grant_id = ?",
        site.made["grants"][number],
    )
    return [(how, epoch(at), size, seconds) for how, at, size, seconds in rows]


def epoch(at: str | dt.datetime) -> float:
    """Return a database's moment in seconds since 1970; SQLite gives text without a zone, which is UTC."""
    moment = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
