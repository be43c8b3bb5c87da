"""Sealing for everyone, whatever is killed in between: parts, slices, leases, and two workers at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from agreements.catalog.models import Archive
from agreements.core import actors, clock
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants.models import GenerationState
from agreements.grants.shared import claims as shared_claims
from agreements.grants.shared import generations as shared
from agreements.grants.shared import sealing as shared_sealing
from agreements.grants.shared.claims import LEASE, LostClaim
from agreements.grants.shared.sealing import view_of
from agreements.ledger.models import LedgerEntry
from agreements.vault.protocol import Store
from tests.grants.scene import NOON, Scene
from tests.grants.shared_scene import (
    PART,
    PARTS,
    Breaking,
    archive,
    breaking,
    delivery_store,
    finished,
    publish,
    stored_bytes,
)
from tests.services.s3 import seaweed_server

__all__ = ["archive", "breaking", "delivery_store", "seaweed_server"]

SYSTEM = actors.job("tests")
in_a_folder = pytest.mark.parametrize("delivery_store", ["folder"], indirect=True)


def test_what_was_stored_before_the_store_went_away_is_not_written_again(archive: Archive, breaking: Breaking) -> None:
    generation = shared.ask(archive=archive, by=SYSTEM)
    assert not shared.work_off_one(generation.pk)
    generation.refresh_from_db()
    assert generation.state == GenerationState.WAITING
    assert "The object store could not be reached" in generation.trouble
    assert (generation.done, generation.attempts, breaking.written) == (3 * PART, 0, [0, 1, 2])
    breaking.before = None
    with clock.frozen(generation.due_at):
        generation = finished(generation)
    assert breaking.written == list(range(PARTS))
    assert stored_bytes(breaking.store, generation) == b"".join(view_of(generation).stream())
    assert generation.trouble == ""


def test_a_killed_worker_loses_the_part_under_way_and_another_goes_on_after_its_lease(
    archive: Archive, breaking: Breaking
) -> None:
    generation = shared.ask(archive=archive, by=SYSTEM)
    breaking.error = SystemExit()
    with pytest.raises(SystemExit):
        shared.work_off_one(generation.pk)
    breaking.before = None
    assert not shared.work_off_one(generation.pk)
    assert breaking.written == [0, 1, 2]
    with clock.frozen(NOON + LEASE):
        finished(generation)
    assert breaking.written == list(range(PARTS))


def test_a_worker_killed_after_the_last_part_seals_nothing_again(
    archive: Archive, breaking: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking.before = None
    generation = shared.ask(archive=archive, by=SYSTEM)
    with monkeypatch.context() as killed:
        killed.setattr(shared_sealing, "checked_sha256", _killed)
        with pytest.raises(SystemExit):
            shared.work_off_one(generation.pk)
    assert breaking.store.exists(generation.object_key)
    assert shared.ready(archive) is None
    with clock.frozen(NOON + LEASE):
        finished(generation)
    assert breaking.written == list(range(PARTS))


def test_a_slice_ends_after_a_part_and_the_next_goes_on(archive: Archive, breaking: Breaking) -> None:
    breaking.before = None
    generation = shared.ask(archive=archive, by=SYSTEM)
    for stored in range(1, PARTS):
        assert not shared.work_off_one(generation.pk, slice_seconds=0)
        assert breaking.written == list(range(stored))
    generation.refresh_from_db()
    assert (generation.state, generation.claimed_until) == (GenerationState.SEALING, None)
    assert generation.done == (PARTS - 1) * PART
    finished(generation)
    assert breaking.written == list(range(PARTS))


@in_a_folder
def test_a_slice_does_not_end_in_a_long_member(
    archive: Archive, breaking: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first member reaches into part 3: whoever began there would read it all again for its code."""
    monkeypatch.setattr(shared_sealing, "SMALL", 10 * 1024**2)
    breaking.before = None
    generation = shared.ask(archive=archive, by=SYSTEM)
    assert not shared.work_off_one(generation.pk, slice_seconds=0)
    assert breaking.written == [0, 1, 2, 3]


@in_a_folder
def test_of_two_workers_one_seals_a_generation(archive: Archive) -> None:
    generation = shared.ask(archive=archive, by=SYSTEM)
    first = shared_claims.take()
    assert first is not None
    assert first.generation == generation
    assert shared_claims.take() is None
    assert shared_claims.take_one(generation.pk) is None


@in_a_folder
def test_one_archive_is_sealed_at_a_time(scene: Scene, archive: Archive, tmp_path: Path) -> None:
    other = publish(scene, tmp_path / "other", name="other.zip", files={"a.txt": b"a"})
    generations = [shared.ask(archive=each, by=SYSTEM) for each in (archive, other)]
    claim = shared_claims.take()
    assert claim is not None
    assert shared_claims.take() is None
    claim.release()
    shared.work_off()
    assert {shared.ready(archive), shared.ready(other)} == set(generations)


@in_a_folder
def test_who_was_silent_too_long_writes_no_more(archive: Archive) -> None:
    shared.ask(archive=archive, by=SYSTEM)
    slow = shared_claims.take()
    assert slow is not None
    with clock.frozen(NOON + LEASE):
        assert shared_claims.take() is not None
        with pytest.raises(LostClaim):
            slow.renew(done=1)
        with pytest.raises(LostClaim):
            shared._make_ready(slow, "0" * 64)
    assert shared.ready(archive) is None


@in_a_folder
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_seal_once(archive: Archive, breaking: Breaking) -> None:
    breaking.before = None
    generation = shared.ask(archive=archive, by=SYSTEM)
    workers = [threading.Thread(target=_work_at, args=(generation.pk,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert breaking.written == list(range(PARTS))
    assert shared.ready(archive) == generation
    assert LedgerEntry.objects.filter(kind="generation.sealed").count() == 1


def test_what_comes_back_otherwise_is_never_handed_out(archive: Archive, delivery_store: Store) -> None:
    generation = shared.ask(archive=archive, by=SYSTEM)
    claim = shared_claims.take()
    assert claim is not None
    assert shared_sealing.store_parts(claim, lambda: False)
    data = bytearray(stored_bytes(delivery_store, generation))
    data[20_000_000] ^= 1
    delivery_store.delete(generation.object_key)
    delivery_store.put(generation.object_key, [bytes(data)])
    claim.release()
    assert shared.work_off_one(generation.pk)
    generation.refresh_from_db()
    assert (generation.state, shared.ready(archive)) == (GenerationState.FAILED, None)
    assert "other bytes" in generation.trouble
    assert not delivery_store.exists(generation.object_key)
    shared.try_again(generation=generation, by=SYSTEM)
    finished(generation)


@in_a_folder
def test_after_many_tries_a_person_must_ask_again(scene: Scene, archive: Archive, breaking: Breaking) -> None:
    breaking.before = 0
    generation = shared.ask(archive=archive, by=SYSTEM)
    for attempt in range(1, shared_claims.MOST_ATTEMPTS + 1):
        with clock.frozen(generation.due_at):
            shared.work_off_one(generation.pk)
        generation.refresh_from_db()
        assert generation.attempts == attempt
    assert generation.state == GenerationState.FAILED
    assert shared.work_off_one(generation.pk)
    breaking.before = None
    with pytest.raises(NotAllowed):
        shared.try_again(generation=generation, by=scene.carol.actor)
    shared.try_again(generation=generation, by=scene.dan.actor)
    with pytest.raises(NotPossible):
        shared.try_again(generation=generation, by=scene.dan.actor)
    finished(generation)


def _killed(*_: object) -> str:
    raise SystemExit


def _work_at(generation_pk: int) -> None:
    try:
        shared.work_off_one(generation_pk)
    finally:
        connection.close()
