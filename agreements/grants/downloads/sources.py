"""Where the bytes of a ticket come from: a sealed view of the pack, or an open archive's pack itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.catalog import archives
from agreements.catalog.models import Archive
from agreements.grants.downloads.kept_tags import KeptTags
from agreements.grants.downloads.personal_view import PersonalView
from agreements.grants.downloads.quota import NeededPass
from agreements.grants.downloads.redeeming import Offer, Ticket
from agreements.grants.models import Seal
from agreements.grants.sealed_views import checked_view
from agreements.vault import stores

PRESIGNED: Final = 300
"""Seconds that an address of the object store lives: what a revocation cannot call back."""


def source(ticket: Ticket) -> Iterator[bytes]:
    """Return the bytes of a ticket. Raises what the vault raises."""
    offer = ticket.offer
    if offer.generation is not None:
        return stores.delivery().open_range(offer.generation.object_key, ticket.start, ticket.stop)
    if offer.seal is None:
        return archives.reader(offer.archive)(ticket.start, ticket.stop - ticket.start)
    return view_of(offer.archive, offer.seal).stream(ticket.start, ticket.stop)


def needed_pass(offer: Offer, *, start: int, stop: int) -> NeededPass | None:
    """Return the pass that a range of an offer takes and that is to be charged. Raises what the vault raises."""
    if offer.seal is None or start == 0:
        return None
    return view_of(offer.archive, offer.seal).needed_pass(start, stop)


def view_of(archive: Archive, seal: Seal) -> PersonalView:
    """Return an archive under a person's seal, its tags kept. Raises what `checked_view` raises."""
    return checked_view(PersonalView, archive, seal, tags=KeptTags(seal, archive, archives.index_of(archive)))


def presigned(offer: Offer) -> str | None:
    """Return an address of the store for an open or shared archive, or None where the store is a folder."""
    if offer.generation is not None:
        return stores.delivery().presign(offer.generation.object_key, filename=offer.name, seconds=PRESIGNED)
    return stores.archives().presign(offer.archive.pack_key, filename=offer.name, seconds=PRESIGNED)


def store_signs_addresses() -> bool:
    """Tell whether the store of shared archives hands them out itself."""
    return stores.delivery().signs_addresses
