"""From a token to a ticket: everything is checked, the `opened` row is committed, and only then may a byte leave.

All failures are one error. What they have in common is all that the outside learns; the true reason goes to the log
under the grant's reference, where a steward can be told it.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from enum import StrEnum

from django.db import DatabaseError, transaction

from agreements.catalog.models import Access, Archive, SealKind
from agreements.core.clock import now
from agreements.grants import links, process, quota, seals
from agreements.grants.models import DownloadEnd, DownloadOpened, DownloadRunning, GrantState, Link, Seal

log = logging.getLogger(__name__)


class Why(StrEnum):
    """The true reason of a refusal, for the steward."""

    NO_SUCH_LINK = "no link has this token"
    OTHER_NAME = "the file name is not the archive's"
    LINK_ENDED = "the link was ended"
    LINK_EXPIRED = "the link has run out"
    SEAL_ENDED = "the person no longer has a part in the access"
    PERSON_INACTIVE = "the person's account is closed"
    GRANT_NOT_ACTIVE = "the access is not active"
    GRANT_NOT_BEGUN = "the access has not begun"
    GRANT_OVER = "the access is over"
    DATASET_WITHDRAWN = "the dataset was withdrawn"
    ARCHIVE_WITHDRAWN = "the archive was withdrawn"
    NOT_COVERED = "the access does not cover the archive's subset"
    NOT_PERSONAL = "the archive has no personal seal"
    NOT_OPEN = "the archive is not open to everyone"


class Refused(Exception):
    """Nothing can be had here. `why` is for the log; the outside is told the same whatever it says."""

    def __init__(self, why: Why, *, grant: str = "") -> None:
        super().__init__("refused")
        self.why = why
        self.grant = grant


class Unavailable(Exception):
    """The database is out of reach, so nothing is sent: to be tried again later."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An archive as it may be downloaded now. Holds what streaming needs, so that no database is needed then."""

    archive: Archive
    size: int
    etag: str
    link: Link | None = None
    seal: Seal | None = None

    @property
    def name(self) -> str:
        return self.archive.name


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to stream bytes [start, stop) of an offer once; `opened` names the row that tells of it."""

    opened: uuid.UUID
    offer: Offer
    start: int
    stop: int


def examine(token: str, *, name: str | None = None) -> Offer:
    """Return what a link offers at this moment, writing nothing. Raises Refused, Unavailable."""
    try:
        return _examine(token, name)
    except Refused as refused:
        log.info("download refused: %s (%s)", refused.why, refused.grant or "unknown")
        raise
    except DatabaseError as error:
        raise Unavailable from error


def redeem(
    token: str, *, name: str | None = None, start: int, stop: int, needed: quota.NeededPass | None = None
) -> Ticket:
    """Check everything under the lock of the grant's row and commit the `opened` row.

    `needed` is the pass that the range takes, to be charged. Raises Refused, Unavailable, quota.TooMuch. The caller's
    transaction, if there is one, must end before the first byte is sent.
    """
    try:
        with transaction.atomic(durable=True):
            found = links.parse(token)
            if found is not None:
                quota.hold(found.grant)
            # Read again: what was read before the lock may have been changed by whoever held it.
            offer = _examine(token, name)
            if offer.seal is not None:
                quota.admit(offer.seal, offer.archive, needed=needed)
            return Ticket(_open(offer, start, stop), offer, start, stop)
    except Refused as refused:
        log.info("download refused: %s (%s)", refused.why, refused.grant or "unknown")
        raise
    except DatabaseError as error:
        raise Unavailable from error


def examine_open(slug: str, archive_pk: int, *, name: str) -> Offer:
    """Return what an open archive offers to everyone. Raises Refused, Unavailable."""
    try:
        rows = Archive.objects.select_related("subset__dataset").filter(subset__dataset__slug=slug)
        archive = rows.filter(pk=archive_pk).first()
    except DatabaseError as error:
        raise Unavailable from error
    if archive is None or archive.name != name:
        raise Refused(Why.OTHER_NAME)
    if archive.subset.access != Access.OPEN or archive.seal != SealKind.NONE:
        raise Refused(Why.NOT_OPEN)
    if (why := _why_archive_is_shut(archive)) is not None:
        raise Refused(why)
    return Offer(archive, archive.pack_size, f'"{archive.pack_sha256}"')


def redeem_open(offer: Offer, *, start: int, stop: int) -> Ticket:
    """Commit the `opened` row of an open archive's download. Raises Unavailable."""
    try:
        with transaction.atomic(durable=True):
            return Ticket(_open(offer, start, stop), offer, start, stop)
    except DatabaseError as error:
        raise Unavailable from error


def note_handed_over(offer: Offer) -> None:
    """Write that an open archive was handed over to the object store; what came of it is not known here."""
    opened = redeem_open(offer, start=0, stop=offer.size).opened
    process.close(opened, how=DownloadEnd.UNKNOWN, bytes_sent=None, seconds=None)


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


def _why_archive_is_shut(archive: Archive) -> Why | None:
    if archive.subset.dataset.withdrawn_at is not None:
        return Why.DATASET_WITHDRAWN
    return Why.ARCHIVE_WITHDRAWN if archive.withdrawn_at is not None else None


def _examine(token: str, name: str | None) -> Offer:
    link = links.parse(token)
    if link is None:
        raise Refused(Why.NO_SUCH_LINK)
    why = why_access_ended(link)
    if why is None and link.expires_at <= now():
        why = Why.LINK_EXPIRED
    if why is None and link.archive.seal != SealKind.PERSONAL:
        why = Why.NOT_PERSONAL
    if why is None and name is not None and name != link.archive.name:
        why = Why.OTHER_NAME
    if why is not None:
        raise Refused(why, grant=link.grant.reference)
    etag = seals.etag(link.seal, archive_digest=link.archive.digest)
    return Offer(link.archive, link.archive.sealed_size, etag, link=link, seal=link.seal)


def _open(offer: Offer, start: int, stop: int) -> uuid.UUID:
    opened = DownloadOpened(
        process=process.THIS,
        grant=offer.link.grant if offer.link else None,
        link=offer.link,
        archive=offer.archive,
        at=now(),
        range_start=start,
        range_stop=stop,
    )
    opened.save(force_insert=True)
    DownloadRunning.objects.create(opened=opened, process=opened.process, seal=offer.seal, at=opened.at)
    return opened.pk
