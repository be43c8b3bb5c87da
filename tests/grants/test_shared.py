"""Archives sealed once for everyone: what is stored, whatever is killed, and which generation is handed out."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pyzipper

from agreements.catalog.models import Archive
from agreements.core import actors, clock
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants import passwords
from agreements.grants.models import Generation, GenerationState
from agreements.grants.shared import claims as shared_claims
from agreements.grants.shared import generations
from agreements.grants.shared import removing as shared_removing
from agreements.grants.shared.claims import LostClaim
from agreements.grants.shared.sealing import view_of
from agreements.ledger.models import LedgerEntry
from agreements.vault.folder import FolderStore
from agreements.vault.protocol import Store
from tests.grants.scene import NOON, Scene
from tests.grants.shared_scene import (
    FILES,
    Breaking,
    archive,
    breaking,
    delivery_store,
    finished,
    sealed,
    stored_bytes,
)
from tests.services.s3 import seaweed_server
from tests.services.tools import path_of

__all__ = ["archive", "breaking", "delivery_store", "seaweed_server"]

SYSTEM = actors.job("tests")
in_a_folder = pytest.mark.parametrize("delivery_store", ["folder"], indirect=True)


def test_the_object_is_the_view_and_opens_with_the_password(
    archive: Archive, delivery_store: Store, tmp_path: Path
) -> None:
    generation = sealed(archive)
    data = stored_bytes(delivery_store, generation)
    assert data == b"".join(view_of(generation).stream())
    assert len(data) == archive.sealed_size
    assert generation.sha256 == sha256(data).hexdigest() == generations.sealed_sha256(archive)
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


@in_a_folder
def test_trouble_says_nothing_of_keys_and_places(archive: Archive, settings: Any) -> None:
    generation = generations.ask(archive=archive, by=SYSTEM)
    settings.MASTER_KEYS = {2: bytes(32)}
    generations.work_off_one(generation.pk)
    generation.refresh_from_db()
    assert generation.trouble.startswith("The master key that this generation was begun under is not configured")


def test_the_next_generation_takes_the_place_of_the_one_before(
    scene: Scene, archive: Archive, delivery_store: Store
) -> None:
    first = sealed(archive)
    second = generations.ask(archive=archive, by=scene.dan.actor)
    with pytest.raises(NotPossible, match="is being sealed"):
        generations.ask(archive=archive, by=scene.dan.actor)
    assert generations.ready(archive) == first
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
    generation = generations.ask(archive=archive, by=SYSTEM)
    generations.work_off_one(generation.pk)
    Archive.objects.filter(pk=archive.pk).update(withdrawn_at=NOON)
    with clock.frozen(NOON + dt.timedelta(hours=1)):
        assert generations.work_off_one(generation.pk) is False
        shared_removing.remove_retired()
    with clock.frozen(NOON + shared_removing.KEPT + dt.timedelta(hours=1)):
        assert shared_removing.remove_retired() == 1
    assert breaking.written == [0, 1, 2]
    assert list(breaking.store.leftovers()) == []


@in_a_folder
def test_the_first_generation_needs_no_asking(archive: Archive) -> None:
    generations.work_off()
    generation = generations.ready(archive)
    assert generation is not None
    assert (generation.generation, generation.asked_by) == (1, None)
    generations.work_off()
    assert Generation.objects.count() == 1


@in_a_folder
def test_after_a_new_master_key_what_is_under_way_is_begun_anew(archive: Archive, settings: Any) -> None:
    begun = generations.ask(archive=archive, by=SYSTEM)
    slow = shared_claims.take()
    assert slow is not None
    settings.MASTER_KEYS = settings.MASTER_KEYS | {2: bytes(range(1, 33))}
    anew = generations.ask(archive=archive, by=SYSTEM)
    assert (anew.generation, anew.key_number) == (2, 2)
    with pytest.raises(LostClaim):
        slow.renew()
    assert finished(anew) == generations.ready(archive)
    begun.refresh_from_db()
    assert begun.state == GenerationState.RETIRED


@in_a_folder
def test_who_may_ask_is_who_may_publish(scene: Scene, archive: Archive) -> None:
    for who in (scene.alice, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            generations.ask(archive=archive, by=who.actor)
    with pytest.raises(NotPossible, match="has no shared seal"):
        generations.ask(archive=scene.sealed, by=scene.dan.actor)
    generations.ask(archive=archive, by=scene.dan.actor)


@in_a_folder
def test_checksums_of_the_sealed_file_are_known_where_it_is_the_same_for_all(scene: Scene, archive: Archive) -> None:
    assert generations.sealed_sha256(scene.sealed) is None
    assert generations.sealed_sha256(archive) is None
    assert generations.sealed_sha256(scene.open) == scene.open.pack_sha256
    generation = sealed(archive)
    assert generations.sealed_sha256_of([scene.sealed, archive, scene.open]) == {
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
