"""Plain SQL for addresses that only lead on to the object store: two reads, and what is written of them.

Django makes its SQL anew for each query; with seven tables joined that takes longer than everything else in redeeming
(`bench.links`). The rows come back as the same models, with what decides filled in and nothing else: not to be saved.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from agreements.catalog.models import Archive, Dataset, SealKind, Subset
from agreements.grants.models import DownloadEnd, DownloadOpened, Generation, GenerationState, Grant, Link, Seal
from agreements.people.models import User

# In two halves, each planned by itself: PostgreSQL weighs every order of eight joins longer than it runs any of them.
_SHARED_LINK: Final = """
    WITH who AS MATERIALIZED (
        SELECT l.id AS link_id, l.ended_at AS link_ended, l.expires_at, s.ended_at AS seal_ended, p.is_active,
               g.id AS grant_id, g.reference, g.state, g.starts_at, g.ends_at, g.dataset_id, l.archive_id
               {versions}
          FROM agreements_link l
          JOIN agreements_seal s ON s.id = l.seal_id
          JOIN agreements_user p ON p.id = s.person_id
          JOIN agreements_grant g ON g.id = l.grant_id
         WHERE l.link_id = %s AND l.key_number = %s
    )
    SELECT who.link_id, who.link_ended, who.expires_at, who.seal_ended, who.is_active,
           who.grant_id, who.reference, who.state, who.starts_at, who.ends_at,
           a.id, a.name, a.digest, a.sealed_size, a.withdrawn_at, d.withdrawn_at, d.shut_at,
           n.id, n.object_key, n.seal_id, n.number, n.key_number,
           EXISTS (SELECT 1 FROM agreements_grant_subsets c
                    WHERE c.grant_id = who.grant_id AND c.subset_id = a.subset_id)
           {read_versions}
      FROM who
      JOIN agreements_archive a ON a.id = who.archive_id
      -- The grant's, which is the archive's wherever the grant covers its subset.
      JOIN agreements_dataset d ON d.id = who.dataset_id
      JOIN agreements_generation n ON n.archive_id = a.id AND n.state = %s
     WHERE a.seal = %s
"""
_OPEN_ARCHIVE: Final = """
    SELECT a.id, a.name, a.seal, a.pack_key, a.pack_size, a.pack_sha256, a.withdrawn_at, u.access, d.withdrawn_at,
           d.shut_at
      FROM agreements_archive a
      JOIN agreements_subset u ON u.id = a.subset_id
      JOIN agreements_dataset d ON d.id = u.dataset_id
     WHERE a.id = %s AND d.slug = %s
"""
# PostgreSQL's own number of a row's version: another one once anything in the row was changed.
_VERSIONS: Final = {
    "versions": ", l.xmin::text AS link_version, g.xmin::text AS grant_version, s.xmin::text AS seal_version",
    "read_versions": ", who.link_version, who.grant_version, who.seal_version",
}

_OPENED: Final = """
    INSERT INTO agreements_downloadopened
           (id, process, grant_id, link_id, archive_id, generation_id, at, range_start, range_stop)
"""
_CLOSED: Final = "INSERT INTO agreements_downloadclosed (opened_id, at, how)"
_BOTH_AT_ONCE: Final = f"""
    WITH opened AS (
        {_OPENED}
        SELECT %s::uuid, %s::uuid, %s::bigint, %s::bigint, %s::bigint, %s::bigint,
               %s::timestamptz, %s::bigint, %s::bigint
        {{held}} RETURNING id, at
    ) {_CLOSED} SELECT id, at, %s FROM opened
"""  # noqa: S608 - nothing but our own text is put in
# Whoever ends access holds the row of the grant, and changes it, the link or the seal: held here until the rows below
# are written, and of the version that was read, these three cannot have ended in between. They are locked in the order
# that is named: the grant first, as everybody does, or whoever ends a thousand could wait for this and this for them.
_HELD: Final = """
    FROM (SELECT 1 FROM agreements_link l
            JOIN agreements_grant g ON g.id = l.grant_id
            JOIN agreements_seal s ON s.id = l.seal_id
           WHERE l.id = %s AND l.xmin = %s::xid AND g.xmin = %s::xid AND s.xmin = %s::xid
             FOR SHARE OF g, l, s) held
"""


@dataclass(frozen=True, slots=True)
class SharedLink:
    """A link to a shared archive, the generation that is handed out, and the row as it was read."""

    link: Link
    generation: Generation
    asked: tuple[str, int]
    row: tuple[Any, ...]


def shared_link(link_id: str, key_number: int) -> SharedLink | None:
    """Return a link to a shared archive and the generation that is handed out; None for any other link."""
    row = _shared_row(link_id, key_number)
    if row is None:
        return None
    link_columns, grant_columns, archive_columns, made_columns = row[:5], row[5:10], row[10:17], row[17:22]
    pk, ended_at, expires_at, seal_ended_at, is_active = link_columns
    archive_pk, name, digest, sealed_size, withdrawn_at, dataset_withdrawn_at, shut_at = archive_columns
    archive = Archive(
        pk=archive_pk,
        name=name,
        seal=SealKind.SHARED,
        digest=digest,
        sealed_size=sealed_size,
        withdrawn_at=withdrawn_at,
        subset=Subset(dataset=Dataset(withdrawn_at=dataset_withdrawn_at, shut_at=shut_at)),
    )
    link = Link(
        pk=pk,
        ended_at=ended_at,
        expires_at=expires_at,
        seal=Seal(ended_at=seal_ended_at, person=User(is_active=is_active)),
        grant=Grant(**dict(zip(("pk", "reference", "state", "starts_at", "ends_at"), grant_columns, strict=True))),
        archive=archive,
    )
    link.covers = row[22]  # type: ignore[attr-defined]  # as `links.with_all()` annotates it
    made = dict(zip(("pk", "object_key", "seal_id", "number", "key_number"), made_columns, strict=True))
    return SharedLink(link, Generation(**made), (link_id, key_number), row)


def open_archive(slug: str, archive_pk: int) -> Archive | None:
    """Return an archive of a dataset, open or not, or None."""
    row = _row(_OPEN_ARCHIVE, [archive_pk, slug])
    if row is None:
        return None
    *columns, access, dataset_withdrawn_at, shut_at = row
    names = ("pk", "name", "seal", "pack_key", "pack_size", "pack_sha256", "withdrawn_at")
    subset = Subset(access=access, dataset=Dataset(slug=slug, withdrawn_at=dataset_withdrawn_at, shut_at=shut_at))
    return Archive(**dict(zip(names, columns, strict=True)), subset=subset)


def write_handed_over(opened: DownloadOpened, *, while_unchanged: SharedLink | None = None) -> bool:
    """Write that a download was opened, and, since the store sends it, all that is known of its end.

    With a link that was read, only while what decides is still as it was read; returns whether it was written.
    """
    at = connection.ops.adapt_datetimefield_value(opened.at)
    columns = [opened.process.hex, opened.grant_id, opened.link_id, opened.archive_id, opened.generation_id]
    values = [opened.pk.hex, *columns, at, opened.range_start, opened.range_stop]
    if connection.vendor == "postgresql":
        return _write_at_once(values, while_unchanged)
    with transaction.atomic(), connection.cursor() as cursor:
        # SQLite's transaction holds off all writers.
        if while_unchanged is not None and _shared_row(*while_unchanged.asked) != while_unchanged.row:
            return False
        cursor.execute(f"{_OPENED} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)
        cursor.execute(f"{_CLOSED} VALUES (%s, %s, %s)", [opened.pk.hex, at, DownloadEnd.HANDED_OVER.value])
    return True


def _write_at_once(values: list[Any], unchanged: SharedLink | None) -> bool:
    held = [] if unchanged is None else [unchanged.link.pk, *unchanged.row[-3:]]
    sql = _BOTH_AT_ONCE.format(held=_HELD if held else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *held, DownloadEnd.HANDED_OVER.value])
        return bool(cursor.rowcount)


def _shared_row(link_id: str, key_number: int) -> tuple[Any, ...] | None:
    versions = _VERSIONS if connection.vendor == "postgresql" else dict.fromkeys(_VERSIONS, "")
    return _row(_SHARED_LINK.format(**versions), [link_id, key_number, GenerationState.READY, SealKind.SHARED])


def _row(sql: str, params: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return None if found is None else tuple(map(_in_utc, found))


def _in_utc(value: Any) -> Any:
    """Return a moment with its zone: below its models, Django gives those of SQLite without one."""
    is_bare = isinstance(value, dt.datetime) and value.tzinfo is None
    return value.replace(tzinfo=dt.UTC) if is_bare else value
