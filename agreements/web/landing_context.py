"""What the page of a link says. Anyone with the address sees it: it names nobody and holds no password."""

from __future__ import annotations

from typing import Any

from agreements.catalog import archives
from agreements.catalog.models import SealKind
from agreements.core.sizes import size
from agreements.grants import wording
from agreements.grants.downloads.redeeming import Offer
from agreements.grants.links import addresses, scripts
from agreements.grants.terms_change import consenting


def context(token: str, offer: Offer) -> dict[str, Any]:
    """Return what the page of a link shows."""
    link, archive = offer.link, offer.archive
    assert link is not None, "only open archives have none"
    file = scripts.file_of(link)
    newer = [each for each in archives.current(archive.subset) if each.name == archive.name]
    asked = consenting.asked_of(link.grant)
    ends = asked.grace_ends_at if asked is not None else None
    zone = link.seal.person.time_zone
    return {
        "archive": archive,
        "dataset": archive.subset.dataset,
        "subset": archive.subset,
        "size": size(offer.size),
        "until": wording.moment(link.expires_at, zone=zone),
        "agree_by": wording.moment(ends, zone=zone) if ends is not None else "",
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
