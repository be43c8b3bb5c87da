"""What an address says of an organization: the domain behind the @, and those above it."""

from __future__ import annotations

from agreements.core.addresses import normal


def domain_of(email: str) -> str:
    """Return the part of an address behind the last @, as mail servers write it, whatever its spelling."""
    return normal(email).rpartition("@")[2]


def domains_of(email: str) -> list[str]:
    """Return the address's domain and all above it: `cs.mit.edu`, `mit.edu`, `edu`."""
    parts = domain_of(email).split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def same_organization(one: str, other: str) -> bool:
    """Return whether the domain of one address is the other's, or lies above or below it."""
    first, second = domain_of(one), domain_of(other)
    return first in domains_of(other) or second in domains_of(one)
