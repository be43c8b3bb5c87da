"""Objects under a prefix of a bucket, as the members of an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agreements.core.errors import Invalid
from agreements.sealing import STORED
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject
from agreements.vault.s3_prefix import Listed, Prefix


@dataclass(frozen=True, slots=True)
class ObjectMember:
    """An object; it is stored, as files of a folder are. See `sources.SourceMember`."""

    place: Prefix
    listed: Listed
    name: str
    method: int = STORED
    checksum: int | None = None

    @property
    def mtime(self) -> int:
        return int(self.listed.modified.timestamp())

    @property
    def packed_size(self) -> int:
        return self.listed.size

    @property
    def plain_size(self) -> int:
        return self.listed.size

    @property
    def fingerprint(self) -> str:
        return f"{self.listed.size} {self.listed.etag} {self.listed.modified.isoformat()}"

    def is_unchanged(self) -> bool:
        # Every read names the version; one that was replaced is not read at all.
        return True

    def packed(self, start: int = 0) -> Iterator[bytes]:
        return self.place.read(self.listed, start)


def members(address: str) -> Sequence[ObjectMember]:
    """Return the objects under `s3://bucket/prefix` by key. Raises Invalid with what is wrong, OutOfReach."""
    try:
        place = stores.prefix(address)
        listed = list(place.objects())
    except ValueError:
        raise Invalid(_("%(address)s is not of the form s3://bucket/prefix.") % {"address": address}) from None
    except NoSuchObject as error:
        raise Invalid(_("There is no bucket %(name)s.") % {"name": error}) from None
    found = [ObjectMember(place, one, one.key.removeprefix(place.prefix)) for one in listed if one.key != place.prefix]
    if not found:
        raise Invalid(_("There is nothing under %(address)s.") % {"address": address})
    for member in found:
        if member.name.endswith("/") and member.listed.size:
            raise Invalid(_("%(name)s is named like a folder but holds bytes.") % {"name": member.listed.key})
    return found
