"""What the page of a link says. Anyone with the address sees it: it names nobody and holds no password."""

from __future__ import annotations

from typing import Any

from agreements.catalog import archives
from agreements.catalog.models import SealKind
from agreements.core.sizes import size
from agreements.grants import wording
from agreements.grants.downloads.redeeming import Offer
from agreements.grants.links import addresses, scripts


def context(token: str, offer: Offer) -> dict[str, Any]:
    """Return what the page of a link shows."""
    link, archive = offer.link, offer.archive
    assert link is not None, "only open archives have none"
    file = scripts.file_of(link)
    newer = [each for each in archives.current(archive.subset) if each.name == archive.name]
    return {
        "archive": archive,
        "dataset": archive.subset.dataset,
        "subset": archive.subset,
        "size": size(offer.size),
        "until": wording.moment(link.expires_at, zone=link.seal.person.time_zone),
        "is_shared": archive.seal == SealKind.SHARED,
        "is_being_sealed": archive.seal == SealKind.SHARED and offer.generation is None,
        "newer": next((each for each in newer if each.version > archive.version), None),
        "file": file,
        "commands": scripts.commands(file),
        "direct_url": file.address,
        "checksums_url": addresses.checksums(token),
        "aria2_url": addresses.aria2(token),
        "grant_url": addresses.grant_page(link.grant.reference),
    }
