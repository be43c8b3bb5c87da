"""From a token to a ticket: everything is checked, the `opened` row is committed, and only then may a byte leave.

All failures are one error. What they have in common is all that the outside learns; the true reason goes to the log
under the grant's reference, where a steward can be told it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from agreements.catalog.models import Access, Archive, SealKind
from agreements.core.clock import now
from agreements.grants import seals
from agreements.grants.downloads import holding, plain_sql, process, quota, refusals
from agreements.grants.downloads.refusals import Preparing, Refused, Unavailable, Why
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import (
    DownloadOpened,
    DownloadRunning,
    Generation,
    GenerationState,
    GrantState,
    Link,
    Seal,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """An archive as it may be downloaded now. Holds what streaming needs, so that no database is needed then.

    `seal` is a person's own; `generation` is what a shared archive is handed out as, None while it is being sealed:
    then there is no `etag` either.
    """

    archive: Archive
    size: int
    etag: str
    link: Link | None = None
    seal: Seal | None = None
    generation: Generation | None = None

    @property
    def name(self) -> str:
        return self.archive.name

    @property
    def is_being_prepared(self) -> bool:
        return self.archive.seal == SealKind.SHARED and self.generation is None


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to stream bytes [start, stop) of an offer once; `opened` names the row that tells of it."""

    opened: uuid.UUID
    offer: Offer
    start: int
    stop: int


def examine(token: str, *, name: str | None = None, resuming: bool = False) -> Offer:
    """Return what a link offers at this moment, writing nothing. Raises Refused, Unavailable.

    `resuming`: what is asked for goes behind bytes that this link fetched before, so it must be of the same object,
    even if another generation has taken its place since.
    """
    with _told_apart():
        return _examine(token, name, resuming)


def redeem(
    token: str,
    *,
    name: str | None = None,
    start: int,
    stop: int,
    resuming: bool = False,
    needed: quota.NeededPass | None = None,
) -> Ticket:
    """Check everything under the lock of the grant's row and commit the `opened` row.

    `needed` is the pass that the range takes, to be charged. Raises Refused, Preparing, Unavailable, quota.TooMuch.
    The caller's transaction, if there is one, must end before the first byte is sent.
    """
    with _told_apart(), transaction.atomic(durable=True):
        found = links.parse(token)
        if found is not None:
            holding.alone(found.grant)
        # Read again: what was read before the lock may have been changed by whoever held it.
        offer = _ready(_examine(token, name, resuming))
        if offer.link is not None:
            quota.admit(offer.link.seal, offer.archive, needed=needed)
        opened = _open(offer, start, stop)
        _note_running(opened, offer)
        return Ticket(opened.pk, offer, start, stop)


def hand_over(token: str, *, name: str | None = None, resuming: bool = False) -> Offer:
    """Check everything as `redeem` does, for what the object store itself will send; it is closed as it is opened.

    The row says the whole, whatever range was asked for: that is what the address gives for as long as it lives.
    Raises Refused, Preparing, Unavailable.
    """
    with _told_apart(), transaction.atomic(durable=True):
        holding.share(token)
        offer = _ready(_examine(token, name, resuming))
        plain_sql.write_handed_over(_opening(offer, 0, offer.size))
        return offer


def hand_over_whole(token: str, *, name: str) -> Offer | None:
    """Do the same for a whole shared archive, in two cheap queries; None for whatever else it is.

    None also if something changed between the two: `hand_over` then says what. Raises Refused, Unavailable.
    """
    found = tokens.read(token)
    if found is None:
        return None
    with _told_apart():
        read = plain_sql.shared_link(*found)
        if read is None:
            return None
        _check(read.link, name)
        archive = read.link.archive
        etag = seals.etag(read.generation, archive_digest=archive.digest)
        offer = Offer(archive, archive.sealed_size, etag, link=read.link, generation=read.generation)
        written = plain_sql.write_handed_over(_opening(offer, 0, offer.size), while_unchanged=read)
        return offer if written else None


def examine_open(slug: str, archive_pk: int, *, name: str) -> Offer:
    """Return what an open archive offers to everyone. Raises Refused, Unavailable."""
    with _told_apart():
        archive = plain_sql.open_archive(slug, archive_pk)
        if archive is None or archive.name != name:
            raise Refused(Why.OTHER_NAME)
        if (why := why_not_open(archive)) is not None:
            raise Refused(why)
        return Offer(archive, archive.pack_size, f'"{archive.pack_sha256}"')


def redeem_open(offer: Offer, *, start: int, stop: int) -> Ticket:
    """Commit the `opened` row of an open archive's download. Raises Unavailable."""
    with _told_apart(), transaction.atomic(durable=True):
        opened = _open(offer, start, stop)
        _note_running(opened, offer)
        return Ticket(opened.pk, offer, start, stop)


def note_handed_over(offer: Offer) -> None:
    """Write that an open archive was handed over to the object store; what came of it is not known here.

    Raises Unavailable.
    """
    with _told_apart():
        plain_sql.write_handed_over(_opening(offer, 0, offer.size))


def why_access_ended(link: Link) -> Why | None:
    """Return why a link that was redeemed may not go on, or None. The link comes from `links.with_all()`.

    That the link's time runs out does not end what already runs; that it was ended by hand does.
    """
    grant = link.grant
    rules = (
        (link.ended_at is not None, Why.LINK_ENDED),
        (link.seal.ended_at is not None, Why.SEAL_ENDED),
        (not link.seal.person.is_active, Why.PERSON_INACTIVE),
        (grant.state != GrantState.ACTIVE, Why.GRANT_NOT_ACTIVE),
        (grant.starts_at > now(), Why.GRANT_NOT_BEGUN),
        (grant.ends_at is not None and grant.ends_at <= now(), Why.GRANT_OVER),
        (not getattr(link, "covers", False), Why.NOT_COVERED),
    )
    broken = next((why for is_broken, why in rules if is_broken), None)
    return broken or _why_archive_is_shut(link.archive)


def why_not_open(archive: Archive) -> Why | None:
    """Return why not everyone may download an archive, or go on with it, or None. Needs `subset.dataset`."""
    if archive.subset.access != Access.OPEN or archive.seal != SealKind.NONE:
        return Why.NOT_OPEN
    return _why_archive_is_shut(archive)


def _why_archive_is_shut(archive: Archive) -> Why | None:
    if archive.subset.dataset.withdrawn_at is not None:
        return Why.DATASET_WITHDRAWN
    if archive.subset.dataset.shut_at is not None:
        return Why.DATASET_SHUT
    return Why.ARCHIVE_WITHDRAWN if archive.withdrawn_at is not None else None


@contextmanager
def _told_apart() -> Iterator[None]:
    """Log and note why something is refused, and tell a database out of reach from a refusal."""
    try:
        yield
    except Refused as refused:
        log.info("download refused: %s (%s)", refused.why.value, refused.grant or "unknown")
        refusals.note(refused)
        raise
    except DatabaseError as error:
        raise Unavailable from error


def _examine(token: str, name: str | None, resuming: bool) -> Offer:
    link = links.parse(token)
    if link is None:
        raise Refused(Why.NO_SUCH_LINK)
    _check(link, name)
    size, digest = link.archive.sealed_size, link.archive.digest
    if link.archive.seal == SealKind.SHARED:
        generation = _generation(link, resuming)
        etag = seals.etag(generation, archive_digest=digest) if generation else ""
        return Offer(link.archive, size, etag, link=link, generation=generation)
    return Offer(link.archive, size, seals.etag(link.seal, archive_digest=digest), link=link, seal=link.seal)


def _check(link: Link, name: str | None) -> None:
    why = why_access_ended(link)
    if why is None and link.expires_at <= now():
        why = Why.LINK_EXPIRED
    if why is None and link.archive.seal == SealKind.NONE:
        why = Why.NOT_SEALED
    if why is None and name is not None and name != link.archive.name:
        why = Why.OTHER_NAME
    if why is not None:
        raise Refused(why, grant=link.grant.reference, link_pk=link.pk)


def _generation(link: Link, resuming: bool) -> Generation | None:
    """Return the generation that is handed out; to a link that resumes, the one it began with while it is kept."""
    if resuming:
        used = DownloadOpened.objects.filter(link=link, generation__isnull=False).order_by("-at", "-pk")
        last = used.select_related("generation").first()
        if last is not None and last.generation is not None and last.generation.removed_at is None:
            return last.generation
    return Generation.objects.filter(archive=link.archive_id, state=GenerationState.READY).first()


def _ready(offer: Offer) -> Offer:
    if offer.is_being_prepared:
        raise Preparing
    return offer


def _opening(offer: Offer, start: int, stop: int) -> DownloadOpened:
    return DownloadOpened(
        process=process.THIS,
        grant=offer.link.grant if offer.link else None,
        link=offer.link,
        archive=offer.archive,
        generation=offer.generation,
        at=now(),
        range_start=start,
        range_stop=stop,
    )


def _open(offer: Offer, start: int, stop: int) -> DownloadOpened:
    opened = _opening(offer, start, stop)
    opened.save(force_insert=True)
    return opened


def _note_running(opened: DownloadOpened, offer: Offer) -> None:
    seal = offer.link.seal if offer.link else None
    DownloadRunning.objects.create(opened=opened, process=opened.process, seal=seal, at=opened.at)
