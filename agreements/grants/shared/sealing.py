"""Sealing an archive once for all: made range by range from the view, stored in parts, read back and compared.

Any part can be made at any time, by any process, with the same bytes. So a killed worker loses the part under way and
no other, and a part that is written twice is the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from typing import Final

from agreements.grants.models import Generation
from agreements.grants.sealed_views import checked_view
from agreements.grants.shared.claims import Claim
from agreements.sealing import SealedView
from agreements.vault import stores
from agreements.vault.parts import Feed, begun, missing_runs, regrouped, sizes_of_parts
from agreements.vault.protocol import Parts, Store

Over = Callable[[], bool]
"""Tells whether the time of a slice is over."""

SMALL: Final = 1024**3
"""Bytes of a member for whose code one more pass is no matter: beginning anew in the middle of it takes a second."""


class NotAsWritten(Exception):
    """The store gave back other bytes than those that were written to it."""


def view_of(generation: Generation) -> SealedView:
    """Return the archive under its generation's seal. Raises what `checked_view` raises."""
    return checked_view(SealedView, generation.archive, generation)


def store_parts(claim: Claim, over: Over) -> bool:
    """Store what is missing and make the object visible; return False when the time was over before.

    A slice does not end in the middle of a long member: whoever went on would have to read that one from its
    beginning for its code.
    """
    generation, store = claim.generation, stores.delivery()
    store.prepare()
    parts = _begun(claim, store)
    if parts is None:
        return True
    view = view_of(generation)
    count = len(sizes_of_parts(view.size, parts.part_size))
    stored = parts.stored()
    claim.renew(done=sum(stored.values()))
    for run in missing_runs(stored, count):
        if not _store_run(claim, view, parts, run, over):
            return False
    claim.renew()
    parts.finish()
    return True


def checked_sha256(claim: Claim) -> str:
    """Read the object back, compare every byte with what it should be, and return its SHA-256 in hex.

    Raises NotAsWritten; NoSuchObject and OutOfReach of either store. A hash cannot be laid aside and taken up again, so
    this is done in one go.
    """
    generation, store = claim.generation, stores.delivery()
    view = view_of(generation)
    if store.size(generation.object_key) != view.size:
        raise NotAsWritten
    digest, checked = sha256(), 0
    with closing(view.stream()) as stream:
        expected = Feed(stream)
        for chunk in store.open_range(generation.object_key, 0, view.size):
            if not expected.begins_with(chunk):
                raise NotAsWritten
            digest.update(chunk)
            checked += len(chunk)
            claim.keep(checked=checked)
    if checked != view.size:
        raise NotAsWritten
    claim.renew(checked=checked)
    return digest.hexdigest()


def discard(generation: Generation) -> None:
    """Remove what the store has of a generation: the object, or its parts. Raises OutOfReach."""
    store = stores.delivery()
    if generation.upload:
        parts = store.resume_parts(generation.object_key, generation.upload, size=generation.archive.sealed_size)
        if parts is not None:
            parts.abandon()
    store.delete(generation.object_key)


def _begun(claim: Claim, store: Store) -> Parts | None:
    """Return the parts begun earlier or new ones, or None if the object is there already."""
    generation = claim.generation
    key, token = generation.object_key, generation.upload
    if token and store.exists(key):
        return None
    return begun(
        store,
        key,
        token,
        size=generation.archive.sealed_size,
        note=lambda begun_anew: claim.renew(upload=begun_anew, done=0),
    )


def _store_run(claim: Claim, view: SealedView, parts: Parts, run: range, over: Over) -> bool:
    size, number = parts.part_size, run.start
    with closing(view.stream(run.start * size, min(run.stop * size, view.size))) as stream:
        for data in regrouped(_kept(claim, stream), size):
            parts.write(number, data)
            number += 1
            claim.renew(done=claim.generation.done + len(data), attempts=0, trouble="")
            if number < run.stop and over() and not _in_a_long_member(view, number * size):
                return False
    return True


def _kept(claim: Claim, stream: Iterator[bytes]) -> Iterator[bytes]:
    """Give the stream, and show at each chunk that the work goes on."""
    for chunk in stream:
        claim.keep()
        yield chunk


def _in_a_long_member(view: SealedView, position: int) -> bool:
    number = view.member_needing_a_pass(position, view.size)
    return number is not None and view.index.columns.packed_sizes[number] > SMALL
