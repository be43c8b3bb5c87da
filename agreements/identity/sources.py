"""What is known about domains beyond this code: which lists and registries were loaded, when, and how old they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now, today
from agreements.core.errors import NotPossible
from agreements.identity.models import SourceLoad
from agreements.ledger import act as ledger
from agreements.ledger.kinds import Kind

REGISTRY: Final = "ror"
"""The source of organizations: the Research Organization Registry."""
OLD_AFTER: Final = dt.timedelta(days=365)


class AlreadyLoaded(NotPossible):
    """What is to be loaded counts already; `load` is its row."""

    def __init__(self, load: SourceLoad) -> None:
        super().__init__(
            _("%(source)s %(version)s is loaded already, since %(day)s. Nothing was changed.")
            % {"source": load.source, "version": load.version, "day": load.loaded_at.date().isoformat()}
        )
        self.load = load


def current(source: str) -> SourceLoad | None:
    """Return the load of a source that counts, without what it holds; None if nothing was ever loaded."""
    return every().filter(source=source, replaced_at=None).first()


def every() -> QuerySet[SourceLoad]:
    """Return all loads, each source's newest first, without what they hold."""
    return SourceLoad.objects.defer("tables").order_by("source", "-pk")


def note_load(
    *,
    source: str,
    version: str,
    sha256: str,
    entries: int,
    counts: Mapping[str, int],
    by: Actor,
    tables: bytes | None = None,
    released_on: dt.date | None = None,
) -> SourceLoad:
    """Return the new row of a source, which counts from now on; the one before it stays and is marked as replaced.

    `sha256` is of the file, or of the entries in order. Raises AlreadyLoaded where the current row has the same
    version and digest. Joins a running act: a registry's organizations are written in the same one.
    """
    with ledger.act() as act:
        before = SourceLoad.objects.select_for_update().defer("tables").filter(source=source, replaced_at=None).first()
        if before is not None and (before.version, before.sha256) == (version, sha256):
            raise AlreadyLoaded(before)
        at = now()
        if before is not None:
            before.replaced_at = at
            before.save(update_fields=["replaced_at"])
        load = SourceLoad(
            source=source,
            version=version,
            sha256=sha256,
            released_on=released_on,
            entries=entries,
            counts=dict(counts),
            tables=tables,
            loaded_at=at,
            loaded_by=by.id,
        )
        try:
            with transaction.atomic():
                load.save(force_insert=True)
        except IntegrityError:  # nothing was there to be locked, and another process was first
            raise NotPossible(_("Another process has just loaded %(source)s.") % {"source": source}) from None
        told: dict[str, Any] = {"source": source, "version": version, "sha256": sha256, "entries": entries}
        act.record(Kind.SOURCE_LOADED, by=by, as_role="system", subjects={}, **told)
    return load


def is_old(released_on: dt.date | None) -> bool:
    """Return whether a release is older than a year; one of an unknown day is not called old."""
    return released_on is not None and today() - released_on > OLD_AFTER
