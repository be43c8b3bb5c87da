"""An archive under a seal, a person's own or a generation's, as the bytes that are handed out."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from agreements.catalog import archives
from agreements.catalog.models import Archive
from agreements.grants import passwords, seals
from agreements.grants.models import AnySeal
from agreements.sealing import ArchiveIndex, Layout, SealedView, TagStore

Made = TypeVar("Made", bound=SealedView)


def checked_view(made: type[Made], archive: Archive, seal: AnySeal, *, tags: TagStore | None = None) -> Made:
    """Return an archive under a seal as a view of the class `made`.

    Raises RuntimeError if it is not the archive that was published, and what reading its index raises.
    """
    index = archives.index_of(archive)
    password, salt_key = passwords.password_of(seal), seals.salt_key(seal)
    view = made(index, _layout(index), password, salt_key, archives.reader(archive), tags)
    if view.size != archive.sealed_size or index.digest.hex() != archive.digest:
        raise RuntimeError(f"archive {archive.pk} is not the one that was published")
    return view


@lru_cache(maxsize=16)
def _layout(index: ArchiveIndex) -> Layout:
    return Layout(index)
