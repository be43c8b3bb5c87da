"""A pack into the vault: in parts, so that an interrupted writing goes on, and then read back and compared."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256

from django.utils.translation import gettext as _

from agreements.catalog.models import Archive
from agreements.catalog.publishing import pack_bytes
from agreements.catalog.publishing.journal import Journal
from agreements.catalog.publishing.packing import Measured, Progress
from agreements.catalog.publishing.sources import SourceMember
from agreements.core.errors import NotPossible
from agreements.vault.parts import Feed, begun, missing_runs, sizes_of_parts
from agreements.vault.protocol import OutOfReach, Put, Store


def store_pack(
    store: Store, measured: Measured, sources: Sequence[SourceMember], journal: Journal, tell: Progress
) -> Put:
    """Write the pack unless it is there from before, read it back, and return what is there.

    Raises Invalid when a file changed meanwhile, NotPossible when the store gives back other bytes, OutOfReach.
    """
    key = measured.pack_key
    if store.exists(key) and (there := _compared(store, measured, tell)) is not None:
        return there
    _write(store, measured, sources, journal, tell)
    there = _compared(store, measured, tell)
    if there is None:
        # Parts of an earlier try may have been written from what a file held then: nothing of it is used again.
        journal.forget()
        if not Archive.objects.filter(pack_key=key).exists():
            store.delete(key)
        raise not_given_back()
    return there


def not_given_back() -> NotPossible:
    """Return the refusal to publish what the store does not keep."""
    return NotPossible(_("The vault did not give back what was written to it. Nothing was published."))


def _write(store: Store, measured: Measured, sources: Sequence[SourceMember], journal: Journal, tell: Progress) -> None:
    key, size = measured.pack_key, pack_bytes.size(measured)
    was_there = store.exists(key)
    parts = begun(store, key, journal.upload(key), size=size, note=partial(journal.begin_upload, key))
    stored = parts.stored()
    done = sum(stored.values())
    sizes = sizes_of_parts(size, parts.part_size)
    tell("writing", done, size)
    try:
        for run in missing_runs(stored, len(sizes)):
            feed = Feed(pack_bytes.stream(measured, sources, run.start * parts.part_size))
            for number in run:
                # A buffer gives its bytes away without a copy, so that one part is held and not two.
                buffer = io.BytesIO()
                for piece in feed.take(sizes[number]):
                    buffer.write(piece)
                    tell("writing", done + buffer.tell(), size)
                parts.write(number, buffer.getvalue())
                done += sizes[number]
        parts.finish()
    except pack_bytes.Changed as error:
        # What is stored of this file may be neither its old bytes nor its new ones.
        journal.drop(error.source)
        parts.abandon()
        raise
    except OutOfReach:
        # Somebody else published the same meanwhile and finished first.
        if was_there or not store.exists(key):
            raise


def _compared(store: Store, measured: Measured, tell: Progress) -> Put | None:
    """Read what is stored and return its length and digest; None if it is not what was measured."""
    key, size = measured.pack_key, pack_bytes.size(measured)
    if store.size(key) != size:
        return None
    digest = sha256()
    done = 0

    def chunks() -> Iterator[bytes]:
        nonlocal done
        for chunk in store.open_range(key, 0, size):
            digest.update(chunk)
            done += len(chunk)
            tell("checking", done, size)
            yield chunk

    if pack_bytes.first_difference(measured, chunks()) is not None:
        return None
    return Put(size, digest.hexdigest())
