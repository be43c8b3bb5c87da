"""Taking up lists: what the installed packages carry, or newer releases that an operator downloaded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.errors import Invalid
from agreements.identity import archives, lists, packaged
from agreements.identity.lists import Lists
from agreements.identity.models import SourceLoad
from agreements.identity.packaged import PACKAGES, Package
from agreements.identity.sources import note_load
from agreements.ledger import act as ledger


@dataclass(frozen=True, slots=True)
class Update:
    """A release beside the one that was taken up before it; `is_known` where it is that one."""

    package: Package
    sha256: str
    before: Package | None
    is_known: bool = False

    @property
    def added(self) -> list[str]:
        """Return the entries that the load before has not, in order, as `free: gmx.net`."""
        return sorted(_entries(self.package) - _entries(self.before)) if self.before else []

    @property
    def removed(self) -> list[str]:
        """Return the entries that only the load before has."""
        return sorted(_entries(self.before) - _entries(self.package)) if self.before else []


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be taken up; `left` are sentences on what is not."""

    updates: tuple[Update, ...]
    left: tuple[str, ...] = ()

    @property
    def new(self) -> tuple[Update, ...]:
        """Return what is not taken up yet."""
        return tuple(update for update in self.updates if not update.is_known)

    def lists_before(self) -> Lists:
        """Return the tables with each package as it was taken up before."""
        return lists.of_packages(update.before for update in self.updates if update.before is not None)

    def lists_after(self) -> Lists:
        """Return the tables as they will be."""
        return lists.of_packages(update.package for update in self.updates)


def of_installed() -> Plan:
    """Return what taking up the installed packages would do."""
    updates, left = [], []
    for name in PACKAGES:
        stored = _stored(name)
        if stored is not None and packaged.is_newer(stored.version, version(name)):
            words = {"name": name, "stored": stored.version, "installed": version(name)}
            left.append(_("%(name)s: %(stored)s was stored and is newer than the installed %(installed)s.") % words)
            continue
        package = packaged.installed(name)
        updates.append(_update(package, package.sha256, stored))
    return Plan(tuple(updates), tuple(left))


def of_files(paths: Sequence[Path], *, may_be_smaller: bool = False, may_be_older: bool = False) -> Plan:
    """Return what taking up downloaded releases would do.

    Raises Invalid: not one of the packages, damaged, two of one package, not newer than what is in force unless it
    `may_be_older`, or with less than half of the entries of one of its tables unless that `may_be_smaller`.
    """
    updates: dict[str, Update] = {}
    for path in paths:
        found = archives.read(path)
        package = found.package
        if package.name in updates:
            raise Invalid(_("%(name)s is given twice.") % {"name": package.name})
        now_in_force = lists.in_force(package.name)
        if not may_be_older and not packaged.is_newer(package.version, now_in_force.version):
            words = {"name": package.name, "version": package.version, "now": now_in_force.version}
            raise Invalid(_("%(name)s %(version)s is not newer than %(now)s, which is in force.") % words)
        if not may_be_smaller and _is_much_smaller(package, now_in_force):
            words = {"name": package.name, "version": package.version}
            raise Invalid(_("%(name)s %(version)s has less than half of the entries that are in force.") % words)
        updates[package.name] = Update(package, found.sha256, now_in_force)
    return Plan(tuple(updates.values()))


def carry_out(plan: Plan, *, by: Actor) -> list[SourceLoad]:
    """Store what is new, all of it or nothing, and return the rows; those before stay, marked as replaced."""
    # Compressed before the transaction: that takes longer than all else.
    packed = [(update, update.package.packed()) for update in plan.new]
    with ledger.act():
        rows = [
            note_load(
                source=update.package.name,
                version=update.package.version,
                sha256=update.sha256,
                entries=sum(update.package.counts.values()),
                counts=update.package.counts,
                tables=tables,
                released_on=_released_on(update.package.version),
                by=by,
            )
            for update, tables in packed
        ]
    lists.forget()
    return rows


def _update(package: Package, digest: str, stored: SourceLoad | None) -> Update:
    if stored is None or stored.tables is None:
        return Update(package, digest, None)
    before = Package(stored.source, stored.version, packaged.unpacked(bytes(stored.tables)))
    return Update(package, digest, before, is_known=before == package)


def _stored(name: str) -> SourceLoad | None:
    return SourceLoad.objects.filter(source=name, replaced_at=None, tables__isnull=False).first()


def _entries(package: Package) -> set[str]:
    return {f"{table}: {entry}" for table, held in package.tables.items() for entry in packaged.entries_of(held)}


def _is_much_smaller(package: Package, before: Package) -> bool:
    return any(2 * package.counts.get(table, 0) < count for table, count in before.counts.items())


def _released_on(text: str) -> dt.date | None:
    """Return the day that a version names, as publicsuffixlist's do (1.1.2.20261023)."""
    found: Iterable[str] = re.findall(r"(?<!\d)20\d{6}(?!\d)", text)
    try:
        return max(dt.datetime.strptime(day, "%Y%m%d").date() for day in found)  # noqa: DTZ007
    except ValueError:
        return None
