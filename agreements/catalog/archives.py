"""The archives of a subset, their indexes, and the reading of their packs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from agreements.catalog.models import Archive, Subset
from agreements.sealing import ArchiveIndex
from agreements.vault import stores


def current(subset: Subset) -> list[Archive]:
    """Return the newest version of each archive that is not withdrawn, by name."""
    found: dict[str, Archive] = {}
    for archive in Archive.objects.filter(subset=subset, withdrawn_at=None).order_by("name", "-version"):
        found.setdefault(archive.name, archive)
    return list(found.values())


def newest(subset: Subset, name: str) -> Archive | None:
    """Return the newest version of one archive, withdrawn or not."""
    return Archive.objects.filter(subset=subset, name=name).order_by("-version").first()


def index_of(archive: Archive) -> ArchiveIndex:
    """Return the index, read from the vault once per process. Raises NoSuchObject, OutOfReach or BadIndex."""
    return _index(archive.index_key)


def reader(archive: Archive) -> Callable[[int, int], Iterator[bytes]]:
    """Return `read(offset, length)` over the pack, usable from several threads and without a database.

    Make one for each download: all its reads are of one version of the pack, and fail once another lies in its place.
    """
    read_pack = stores.archives().one_version(archive.pack_key)

    def read(offset: int, length: int) -> Iterator[bytes]:
        return read_pack(offset, offset + length)

    return read


def ledger_name(archive: Archive) -> str:
    """Return what the record calls an archive: `genebody/train40/train40.zip`."""
    return f"{archive.subset.dataset.slug}/{archive.subset.slug}/{archive.name}"


def sha256sums(archive: Archive) -> str:
    """Return `SHA256SUMS` of the plain members, as `sha256sum --check` reads it."""
    members = index_of(archive).members
    return "".join(f"{m.sha256_plain.hex()}  {m.name}\n" for m in members if not m.is_directory)


# An index of 20,000 members takes a few megabytes; few archives are in use at a time. The key is made from the
# content, so what was read once stays right.
@lru_cache(maxsize=16)
def _index(key: str) -> ArchiveIndex:
    store = stores.archives()
    return ArchiveIndex.from_json(b"".join(store.open_range(key, 0, store.size(key))))
