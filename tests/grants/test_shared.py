"""Archives sealed once for everyone: what is stored, whatever is killed, and which generation is handed out."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pyzipper
from django.db import connection

from agreements.catalog.models import Archive
from agreements.core import actors, clock
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants import passwords, shared, shared_claims, shared_removing, shared_sealing
from agreements.grants.models import Generation, GenerationState
from agreements.grants.shared_claims import LEASE, LostClaim
from agreements.grants.shared_sealing import view_of
from agreements.ledger.models import LedgerEntry
from agreements.vault.folder import FolderStore
from agreements.vault.protocol import Store
from tests.grants.scene import NOON, Scene
from tests.grants.shared_scene import (
    FILES,
    PART,
    PARTS,
    Breaking,
    breaking,
    deliver_into,
    finished,
    into_small_parts,
    publish,
    sealed,
    stored_bytes,
)
from tests.services.s3 import seaweed_server
from tests.services.tools import path_of

__all__ = ["breaking", "seaweed_server"]

SYSTEM = actors.job("tests")
in_a_folder = pytest.mark.parametrize("delivery_store", ["folder"], indirect=True)


@pytest.fixture(params=["folder", "s3"])
def delivery_store(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Store:
    return deliver_into(request.param, request, tmp_path, settings)


@pytest.fixture
def archive(scene: Scene, tmp_path: Path, delivery_store: Store, monkeypatch: pytest.MonkeyPatch) -> Archive:
    into_small_parts(monkeypatch)
    return publish(scene, tmp_path / "everyone")


def test_the_object_is_the_view_and_opens_with_the_password(
    archive: Archive, delivery_store: Store, tmp_path: Path
) -> None:
    generation = sealed(archive)
    data = stored_bytes(delivery_store, generation)
    assert data == b"".join(view_of(generation).stream())
    assert len(data) == archive.sealed_size
    assert generation.sha256 == sha256(data).hexdigest() == shared.sealed_sha256(archive)
    password = passwords.password_of(generation)
    with pyzipper.AESZipFile(io.BytesIO(data)) as opened:
        opened.setpassword(password.encode())
        assert {name: opened.read(name) for name in opened.namelist()} == FILES
    (tmp_path / "everyone.zip").write_bytes(data)
    tested = subprocess.run(
        [path_of("7z"), "t", f"-p{password}", str(tmp_path / "everyone.zip")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Everything is Ok" in tested.stdout


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


@in_a_folder
def test_trouble_says_nothing_of_keys_and_places(archive: Archive, settings: Any) -> None:
    generation = shared.ask(archive=archive, by=SYSTEM)
    settings.MASTER_KEYS = {2: bytes(32)}
    shared.work_off_one(generation.pk)
    generation.refresh_from_db()
    assert generation.trouble.startswith("The master key that this generation was begun under is not configured")


def test_the_next_generation_takes_the_place_of_the_one_before(
    scene: Scene, archive: Archive, delivery_store: Store
) -> None:
    first = sealed(archive)
    second = shared.ask(archive=archive, by=scene.dan.actor)
    with pytest.raises(NotPossible, match="is being sealed"):
        shared.ask(archive=archive, by=scene.dan.actor)
    assert shared.ready(archive) == first
    finished(second)
    first.refresh_from_db()
    assert (first.state, first.ended_at) == (GenerationState.RETIRED, NOON)
    one, two = stored_bytes(delivery_store, first), stored_bytes(delivery_store, second)
    assert len(one) == len(two)
    assert one != two
    with pyzipper.AESZipFile(io.BytesIO(two)) as opened:
        opened.setpassword(passwords.password_of(first).encode())
        with pytest.raises(RuntimeError, match="Bad password"):
            opened.read(opened.namelist()[0])
    rows = [(row.kind, row.payload, row.actor) for row in LedgerEntry.objects.filter(kind__startswith="generation")]
    told = {"version": 1, "sha256": second.sha256, "size": archive.sealed_size, "generation": 2}
    assert rows[1:] == [
        ("generation.retired", {"version": 1, "generation": 1}, scene.dan.actor.id),
        ("generation.sealed", told, scene.dan.actor.id),
    ]
    assert rows[0][2] == "system:sealing"


def test_a_retired_object_is_deleted_after_some_days(archive: Archive, delivery_store: Store) -> None:
    first, second = sealed(archive), sealed(archive)
    assert shared_removing.remove_retired() == 0
    with clock.frozen(NOON + shared_removing.KEPT):
        assert shared_removing.remove_retired() == 1
        assert shared_removing.remove_retired() == 0
    first.refresh_from_db()
    assert first.removed_at == NOON + shared_removing.KEPT
    assert not delivery_store.exists(first.object_key)
    assert delivery_store.exists(second.object_key)


def test_a_withdrawn_archive_is_retired_and_what_was_begun_of_it_forgotten(
    archive: Archive, breaking: Breaking
) -> None:
    generation = shared.ask(archive=archive, by=SYSTEM)
    shared.work_off_one(generation.pk)
    Archive.objects.filter(pk=archive.pk).update(withdrawn_at=NOON)
    with clock.frozen(NOON + dt.timedelta(hours=1)):
        assert shared.work_off_one(generation.pk) is False
        shared_removing.remove_retired()
    with clock.frozen(NOON + shared_removing.KEPT + dt.timedelta(hours=1)):
        assert shared_removing.remove_retired() == 1
    assert breaking.written == [0, 1, 2]
    assert list(breaking.store.leftovers()) == []


@in_a_folder
def test_the_first_generation_needs_no_asking(archive: Archive) -> None:
    shared.work_off()
    generation = shared.ready(archive)
    assert generation is not None
    assert (generation.generation, generation.asked_by) == (1, None)
    shared.work_off()
    assert Generation.objects.count() == 1


@in_a_folder
def test_who_may_ask_is_who_may_publish(scene: Scene, archive: Archive) -> None:
    for who in (scene.alice, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            shared.ask(archive=archive, by=who.actor)
    with pytest.raises(NotPossible, match="has no shared seal"):
        shared.ask(archive=scene.sealed, by=scene.dan.actor)
    shared.ask(archive=archive, by=scene.dan.actor)


@in_a_folder
def test_checksums_of_the_sealed_file_are_known_where_it_is_the_same_for_all(scene: Scene, archive: Archive) -> None:
    assert shared.sealed_sha256(scene.sealed) is None
    assert shared.sealed_sha256(archive) is None
    assert shared.sealed_sha256(scene.open) == scene.open.pack_sha256
    generation = sealed(archive)
    assert shared.sealed_sha256_of([scene.sealed, archive, scene.open]) == {
        archive.pk: generation.sha256,
        scene.open.pk: scene.open.pack_sha256,
    }


def test_the_store_holds_sealed_bytes_under_names_that_nobody_chose(archive: Archive, tmp_path: Path) -> None:
    generation = sealed(archive)
    assert generation.seal_id not in generation.object_key
    assert len(generation.object_key) == len("0" * 32 + ".zip")
    folder = tmp_path / "delivery"
    if folder.exists():
        assert [place.name for place in folder.iterdir()] == [generation.object_key]
        assert b"parameters" * 3 not in FolderStore(folder)._place(generation.object_key).read_bytes()


def _killed(*_: object) -> str:
    raise SystemExit


def _work_at(generation_pk: int) -> None:
    try:
        shared.work_off_one(generation_pk)
    finally:
        connection.close()
