"""Is the organization that somebody chose another one than their address's? Said gently while they fill in the form."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.core.addresses import parse
from agreements.core.errors import Invalid
from agreements.identity import naming, registry


@dataclass(frozen=True, slots=True)
class Mismatch:
    """`domain` belongs to `owners` in the registry, and the organization that was named is not of their family."""

    organization: str
    domain: str
    owners: tuple[str, ...]


def find(organization: str, *, address: str) -> Mismatch | None:
    """Return a mismatch only where the registry knows both: the organization by this name, and whose the domain is."""
    held = registry.load() if organization.strip() else None
    if held is None:
        return None
    try:
        domain = parse(address).ascii_domain
    except Invalid:
        return None
    behind = held.matches(domain)
    if not behind:
        return None
    named = naming.naming_of(organization, domain=domain, registry=held)
    if named.is_kin or not named.elsewhere:
        return None
    return Mismatch(organization.strip(), behind[0].entry, tuple(dict.fromkeys(each.name for each in behind[:3])))
