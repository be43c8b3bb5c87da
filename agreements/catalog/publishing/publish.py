"""Publishing an archive: from an owner's folder or zip into the vault, and then, all at once, into the catalog.

Nothing is visible before the last transaction. An interrupted publishing that is run again goes on: what was read is
remembered (see `journal`), what was written is kept, and what is stored is compared before anything shows.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from agreements.catalog import archives
from agreements.catalog.models import Access, Archive, SealKind, Subset
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.publishing.journal import Journal
from agreements.catalog.publishing.packing import Measured, Progress, measure, same_content
from agreements.catalog.publishing.sources import address_of, digest_of, opened
from agreements.catalog.publishing.storing import not_given_back, store_pack
from agreements.core.actors import Actor
from agreements.core.errors import Invalid, NotPossible
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.sealing import Layout
from agreements.vault import stores
from agreements.vault.protocol import Put, Store

log = logging.getLogger(__name__)


def publish_archive(
    *,
    subset: Subset,
    source: Path | str,
    by: Actor,
    name: str | None = None,
    seal: SealKind | None = None,
    previewed: str = "",
    progress: Progress | None = None,
) -> Archive:
    """Publish a folder, a zip or `s3://bucket/prefix`; return the archive.

    The same content again returns the version that is there, unless that was withdrawn: then it becomes a new one.
    `progress` is called at least for every chunk; whatever it raises ends the publishing, and running it again goes on.
    `name` is the file name as downloaded (default: the subset's, `train40.zip`); `seal` defaults to what the
    subset's access asks for. `previewed`, the digest of what somebody was shown, has to be that of the source.
    Raises Invalid for what cannot be published, NotPossible where the subset's access does not fit,
    NotAllowed, and OutOfReach when the vault cannot be reached.
    """
    standing = check_may(Permission.PUBLISH, dataset=subset.dataset, by=by)
    seal = checked_seal(subset, seal)
    name = checked_name(name or f"{subset.slug}.zip")
    tell = progress or _silent
    store = stores.archives()
    store.prepare()
    with _kept(Journal(store, address_of(source))) as journal, opened(source) as members:
        if previewed and digest_of(members) != previewed:
            raise NotPossible(_("This changed since it was previewed: look at it again."))
        measured = measure(members, as_zip=seal == SealKind.NONE, remembered=journal, progress=tell)
        journal.keep_only(members)
        archive = _already_published(subset, name, seal, measured)
        if archive is None:
            written = store_pack(store, measured, members, journal, tell)
            _store_index(store, measured)
            archive = _register(subset, name, seal, measured, written, by=by, as_role=standing)
        journal.forget()
    return archive


@contextmanager
def _kept(journal: Journal) -> Iterator[Journal]:
    """Write the journal also when something interrupts."""
    try:
        yield journal
    finally:
        try:
            journal.save()
        except OSError as error:
            # Out of reach, or full: no reason to hide what happened before.
            log.warning("what was read will be read again: %s", error)


def checked_seal(subset: Subset, seal: SealKind | None) -> SealKind:
    """Return the seal for an archive of this subset. Raises NotPossible with the reason where it does not fit."""
    access = Access(subset.access)
    if access == Access.ANNOUNCED:
        raise NotPossible(
            _("%(subset)s is only announced. Set its access in dataset.toml and load the dataset again.")
            % {"subset": subset.title}
        )
    if access == Access.OPEN:
        if seal not in {None, SealKind.NONE}:
            raise NotPossible(_("An open archive has no seal: nobody would hold its password."))
        return SealKind.NONE
    if seal == SealKind.NONE:
        raise NotPossible(
            _("What is given by agreement is sealed; an archive without a seal belongs to an open subset.")
        )
    return seal or SealKind.PERSONAL


def checked_name(name: str) -> str:
    """Return the file name. Raises Invalid unless it is a plain `.zip` name that is safe in an address."""
    safe = all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    if not safe or not name.endswith(".zip") or name.startswith(".") or not 5 <= len(name) <= 120:
        raise Invalid(
            _("%(name)s: an archive's name has letters, digits, . _ - and no spaces, and ends in .zip.")
            % {"name": repr(name)},
            field="name",
        )
    return name


def suggested_name(name: str) -> str:
    """Return a name that can be, as close to one that cannot as it goes; "" if nothing of it is left."""
    stem = unicodedata.normalize("NFKD", name.strip()).removesuffix(".zip")
    plain = "".join(c for c in stem if not unicodedata.combining(c))
    words = re.findall(r"[A-Za-z0-9_.]+", plain)
    joined = "-".join(words).strip(".-")[:116]
    return f"{joined}.zip" if joined else ""


def _already_published(subset: Subset, name: str, seal: SealKind, measured: Measured) -> Archive | None:
    newest = archives.newest(subset, name)
    if newest is None or newest.withdrawn_at is not None or newest.seal != seal:
        return None
    if newest.digest == measured.index.digest.hex():
        return newest
    return newest if same_content(archives.index_of(newest), measured.index) else None


def _store_index(store: Store, measured: Measured) -> None:
    data = measured.index.to_json()
    written = store.put(measured.index_key, [data], expected_size=len(data))
    if store.digest(measured.index_key) != written.sha256:
        raise not_given_back()


def _register(
    subset: Subset, name: str, seal: SealKind, measured: Measured, written: Put, *, by: Actor, as_role: str
) -> Archive:
    with act() as record:
        # The subset's row is the lock: two publishings at once get two numbers.
        checked_seal(Subset.objects.select_for_update().get(pk=subset.pk), seal)
        if (published := _already_published(subset, name, seal, measured)) is not None:
            return published
        newest = archives.newest(subset, name)
        archive = Archive.objects.create(
            subset=subset,
            name=name,
            version=newest.version + 1 if newest else 1,
            seal=seal,
            digest=measured.index.digest.hex(),
            pack_key=measured.pack_key,
            index_key=measured.index_key,
            pack_sha256=written.sha256,
            pack_size=written.size,
            plain_size=measured.plain_size,
            sealed_size=written.size if measured.is_zip else Layout(measured.index).total_size,
            member_count=len(measured.index),
        )
        record.record(
            Kind.ARCHIVE_PUBLISHED,
            by=by,
            as_role=as_role,
            subjects={"dataset": subset.dataset.slug, "archive": archives.ledger_name(archive)},
            version=archive.version,
            digest=archive.digest,
            members=archive.member_count,
            size=archive.sealed_size,
            seal=str(seal),
        )
        return archive


def _silent(phase: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
