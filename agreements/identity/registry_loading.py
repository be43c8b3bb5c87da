"""Bringing a registry's dump in: everything that takes long is done before the one transaction that swaps."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from django.db import connection
from django.db.models import Field, Model
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid
from agreements.identity import lists, registry_hosts, ror, sources
from agreements.identity.folding import searchable
from agreements.identity.models import RegisteredDomain, RegisteredOrganization, SourceLoad
from agreements.identity.registry_hosts import Named
from agreements.identity.ror import Organization
from agreements.ledger import act as ledger

BATCH: Final = 5000
"""Rows of one INSERT."""
MUCH_SMALLER: Final = 0.5
"""Below this part of the loaded entries a file is taken for an incomplete one."""

Tell = Callable[[str, int, int], object]
"""Called with a phase ("reading", "writing"), the bytes or rows done, and those in all."""


def _silent(phase: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A dump that was read whole. `counts` says what it holds, and how much of what was dropped."""

    version: str
    released_on: dt.date | None
    sha256: str
    organizations: Sequence[Organization]
    domains: Sequence[Named]
    counts: dict[str, int]


def plan(
    path: Path,
    *,
    version: str = "",
    released_on: dt.date | None = None,
    may_be_smaller: bool = False,
    tell: Tell = _silent,
) -> Plan:
    """Return what a file would bring; nothing is written. `version` and `released_on` stand before the file's name.

    Raises sources.AlreadyLoaded where it counts already, and Invalid or OSError for a file that cannot be used.
    """
    sha256 = ror.digest_of(path)
    label = ror.label_of(path)
    version = version or label.version
    if not version:
        raise Invalid(
            _("The name of %(file)s does not say which release this is: say --release.") % {"file": path.name}
        )
    before = sources.current(sources.REGISTRY)
    if before is not None and before.sha256 == sha256:
        raise sources.AlreadyLoaded(before)
    passed_over, organizations = 0, []
    for each in ror.read(path, lambda done, total: tell("reading", done, total)):
        if each is None:
            passed_over += 1
        else:
            organizations.append(each)
    _check(organizations, before, may_be_smaller=may_be_smaller)
    found = registry_hosts.sort(organizations, tables=lists.refresh())
    kept = Counter("websites" if each.from_website else "domains" for each in found.kept)
    dropped = {f"dropped_{why}": count for why, count in sorted(found.dropped.items())}
    counts = {"organizations": len(organizations), "not_active": passed_over, **kept, **dropped}
    return Plan(version, released_on or label.released_on, sha256, organizations, found.kept, counts)


def _check(organizations: Sequence[Organization], before: SourceLoad | None, *, may_be_smaller: bool) -> None:
    if not organizations:
        raise Invalid(_("The file holds no active organization. Nothing was changed."))
    twice = len(organizations) - len({each.registry_id for each in organizations})
    if twice:
        raise Invalid(_("%(count)s organizations are in the file twice. Nothing was changed.") % {"count": twice})
    if before is not None and not may_be_smaller and len(organizations) < MUCH_SMALLER * before.entries:
        words = _(
            "The file holds %(now)s active organizations; %(before)s are loaded. "
            "Nothing was changed; say --may-be-smaller if this is meant."
        )
        raise Invalid(words % {"now": len(organizations), "before": before.entries})


def carry_out(planned: Plan, *, by: Actor, tell: Tell = _silent) -> SourceLoad:
    """Write what was planned in one transaction, and return its load, which counts from then on.

    SQLite lets nobody else write meanwhile. So the rows are made before, and inserted as they are: making model
    objects of them took four times as long as the database does.
    """
    rows = [_row(each) for each in planned.organizations]
    total = len(rows) + len(planned.domains)
    with ledger.act():
        load = sources.note_load(
            source=sources.REGISTRY,
            version=planned.version,
            sha256=planned.sha256,
            entries=len(rows),
            counts=planned.counts,
            released_on=planned.released_on,
            by=by,
        )
        done = 0
        for done in _insert(RegisteredOrganization, _ORGANIZATION, ((load.pk, *row) for row in rows)):
            tell("writing", done, total)
        written = RegisteredOrganization.objects.filter(load=load).values_list("registry_id", "pk")
        keys = dict(written.iterator(chunk_size=BATCH))
        domains = ((load.pk, keys[each.registry_id], each.domain, each.from_website) for each in planned.domains)
        for more in _insert(RegisteredDomain, _DOMAIN, domains):
            tell("writing", done + more, total)
    return load


_ORGANIZATION: Final = ("load", "registry_id", "name", "names", "search", "types", "country", "city", "parents")
_DOMAIN: Final = ("load", "organization", "domain", "from_website")


def _row(each: Organization) -> tuple[str, ...]:
    """Return the values of the columns after `load`; lists as JSON."""
    return (
        each.registry_id,
        each.name,
        json.dumps(each.names, ensure_ascii=False),
        searchable(each.names),
        json.dumps(each.types),
        each.country,
        each.city,
        json.dumps(each.parents),
    )


def _insert(model: type[Model], fields: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> Iterator[int]:
    """Insert rows in batches; yield after each how many there are. Only names of our own models go into the SQL."""
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(cast("Field[Any, Any]", model._meta.get_field(name)).column)) for name in fields)
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
    done = 0
    with connection.cursor() as cursor:
        while batch := list(islice(rows, BATCH)):
            cursor.executemany(statement, batch)
            done += len(batch)
            yield done


def forget(*, older_than: dt.timedelta) -> int:
    """Delete the organizations of loads replaced longer ago than that; the rows that name the loads stay.

    Returns how many organizations were deleted. Evidence that was frozen under them keeps what it quotes.
    """
    gone = 0
    for load in sources.every().filter(source=sources.REGISTRY, replaced_at__lt=now() - older_than):
        RegisteredDomain.objects.filter(load=load).delete()
        gone += RegisteredOrganization.objects.filter(load=load).delete()[0]
    return gone
