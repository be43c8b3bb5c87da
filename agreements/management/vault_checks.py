"""What is stored against what the database says of it: each thing to check, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from agreements.catalog.archives import ledger_name
from agreements.catalog.models import Archive, Dataset
from agreements.catalog.publishing import journal
from agreements.documents.models import StoredDocument
from agreements.grants.models import Generation, GenerationState
from agreements.sealing import ArchiveIndex, BadIndex
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject, OutOfReach, Store

Read = Callable[[int], None]
"""Called with the number of bytes that were just read."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the database knows it. `archive` is set for a pack, whose damaged members can be named."""

    what: str
    store: Store
    key: str
    size: int
    sha256: str
    archive: Archive | None = None


@dataclass(frozen=True, slots=True)
class Unused:
    """An object that nothing offers: why, and its size in bytes."""

    store: str
    key: str
    size: int
    why: str


def packs() -> Iterator[Stored]:
    """Give the packs; one that several versions share is given once. Of withdrawn versions they may be gone."""
    store = stores.archives()
    seen: set[str] = set()
    for archive in Archive.objects.select_related("subset__dataset").order_by("pk"):
        may_be_gone = archive.withdrawn_at is not None and not store.exists(archive.pack_key)
        if archive.pack_key not in seen and not may_be_gone:
            seen.add(archive.pack_key)
            yield Stored(_called(archive), store, archive.pack_key, archive.pack_size, archive.pack_sha256, archive)


def generations() -> Iterator[Stored]:
    """Give the sealed objects of shared seals that are handed out."""
    ready = Generation.objects.filter(state=GenerationState.READY).select_related("archive__subset__dataset")
    for row in ready:
        what = f"{_called(row.archive)}, generation {row.generation}"
        yield Stored(what, stores.delivery(), row.object_key, row.archive.sealed_size, row.sha256)


def documents() -> Iterator[Stored]:
    """Give agreements and signed copies that were not erased."""
    for row in StoredDocument.objects.filter(erased_at=None).order_by("pk"):
        yield Stored(f"document {row.pk}", stores.papers(), row.store_key, row.size, row.sha256)


def problems(stored: Stored, *, quick: bool, read: Read) -> Iterator[str]:
    """Say what is wrong with an object. With `quick` only its length is compared, and a pack's index."""
    try:
        size = stored.store.size(stored.key)
        if size != stored.size:
            yield f"{stored.what}: {stored.key} has {size} bytes instead of {stored.size}."
        elif not quick and _digest(stored, read) != stored.sha256:
            yield f"{stored.what}: {stored.key} was changed; its SHA-256 is not the one that was recorded."
            yield from _damaged_members(stored)
    except NoSuchObject:
        yield f"{stored.what}: {stored.key} is missing."
    except OutOfReach as error:
        yield f"{stored.what}: {error}"
    if stored.archive is not None:
        yield from _index_problems(stored.archive, stored)


def unused() -> Iterator[Unused]:
    """Give what lies in the stores of archives and of sealed archives and is offered nowhere. Raises OutOfReach."""
    standing = set(_keys(withdrawn=False)) | set(Dataset.objects.exclude(preview="").values_list("preview", flat=True))
    withdrawn = set(_keys(withdrawn=True)) - standing
    sealed = set(Generation.objects.filter(removed_at=None).values_list("object_key", flat=True))
    for name, store, known in (("archives", stores.archives(), standing), ("delivery", stores.delivery(), sealed)):
        for key in sorted(store.names()):
            if key not in known:
                yield Unused(name, key, store.size(key), _why(key, withdrawn))


def _why(key: str, withdrawn: set[str]) -> str:
    if key in withdrawn:
        return "only withdrawn versions refer to it"
    return "a publishing that was not finished" if key.startswith(journal.PREFIX) else "nothing refers to it"


def _keys(*, withdrawn: bool) -> Iterator[str]:
    for pair in Archive.objects.filter(withdrawn_at__isnull=not withdrawn).values_list("pack_key", "index_key"):
        yield from pair


def _called(archive: Archive) -> str:
    return f"{ledger_name(archive)} version {archive.version}"


def _digest(stored: Stored, read: Read) -> str:
    digest = sha256()
    for chunk in stored.store.open_range(stored.key, 0, stored.size):
        digest.update(chunk)
        read(len(chunk))
    return digest.hexdigest()


def _damaged_members(stored: Stored) -> Iterator[str]:
    """Name the members of a pack that are not what they were; none if only a zip's own records are damaged."""
    if stored.archive is None:
        return
    index = _index(stored.archive, stored.store)
    if not isinstance(index, ArchiveIndex):
        return
    for member in index.members:
        digest = sha256()
        for chunk in stored.store.open_range(stored.key, member.offset, member.offset + member.packed_size):
            digest.update(chunk)
        if digest.digest() != member.sha256_packed:
            yield f"{stored.what}: damaged is {member.name}."


def _index_problems(archive: Archive, stored: Stored) -> Iterator[str]:
    index = _index(archive, stored.store)
    if isinstance(index, str):
        yield f"{stored.what}: {index}"
    elif index.digest.hex() != archive.digest:
        yield f"{stored.what}: its index is that of another archive."


def _index(archive: Archive, store: Store) -> ArchiveIndex | str:
    """Return the index as it is stored now, or what is wrong with it."""
    try:
        size = store.size(archive.index_key)
        return ArchiveIndex.from_json(b"".join(store.open_range(archive.index_key, 0, size)))
    except NoSuchObject:
        return f"its index {archive.index_key} is missing."
    except (BadIndex, OutOfReach) as error:
        return f"its index cannot be read: {error}"
