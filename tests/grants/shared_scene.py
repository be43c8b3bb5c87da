"""Archives under shared seals, and stores to seal them into, for tests."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Archive, SealKind
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.grants.models import Generation, GenerationState
from agreements.grants.shared import generations
from agreements.vault import stores
from agreements.vault.protocol import OutOfReach, Parts, Store
from tests.grants.scene import Scene
from tests.services import seaweed

PART = 5 * 1024 * 1024
"""Bytes of a part in these tests: the least that S3 servers take."""
PARTS = 6
"""Parts of the archive below. Its first member reaches into the fourth."""
FILES = {
    "amanda/image/00/0000.jpg": bytes(range(256)) * 4 * 17 * 1024,
    "amanda/image/00/0001.jpg": b"picture!" * 128 * 1024 * 9,
    "amanda/param/amanda.npy": b"parameters" * 7000,
    "人体/مثال.obj": b"",
}


def into_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stores cut objects into small parts."""
    monkeypatch.setattr("agreements.vault.parts.PART", PART)


def deliver_into(kind: str, request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Store:
    """Set where sealed objects are kept: a folder of the test's, or a bucket of a real server."""
    if kind == "folder":
        settings.VAULT_DELIVERY = f"folder:{tmp_path / 'delivery'}"
    else:
        server: seaweed.Seaweed = request.getfixturevalue("seaweed_server")
        settings.VAULT_DELIVERY = f"s3:d-{secrets.token_hex(6)}"
        settings.S3_ENDPOINT = settings.S3_PUBLIC_ENDPOINT = server.endpoint
        settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY = server.access_key, server.secret_key
    store = stores.delivery()
    store.prepare()
    return store


def publish(
    scene: Scene, folder: Path, *, name: str = "everyone.zip", files: dict[str, bytes] | None = None
) -> Archive:
    """Return an archive that was published under a shared seal."""
    for path, data in (files or FILES).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    by = actors.job("tests")
    return publish_archive(subset=scene.train40, source=folder, name=name, by=by, seal=SealKind.SHARED)


def sealed(archive: Archive) -> Generation:
    """Return the archive's next generation, sealed."""
    generation = generations.ask(archive=archive, by=actors.job("tests"))
    return finished(generation)


def finished(generation: Generation) -> Generation:
    """Work on a generation until it is ready, and return it."""
    assert generations.work_off_one(generation.pk)
    generation.refresh_from_db()
    assert generation.state == GenerationState.READY, generation.trouble
    return generation


def stored_bytes(store: Store, generation: Generation) -> bytes:
    """Return the sealed object."""
    return b"".join(store.open_range(generation.object_key, 0, store.size(generation.object_key)))


class Breaking:
    """A store whose parts break before the part of a number is written, and that counts what is written."""

    def __init__(self, store: Store, *, before: int | None, error: BaseException) -> None:
        self.store = store
        self.before = before
        self.error = error
        self.written: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def begin_parts(self, key: str, *, size: int) -> Any:
        return _Parts(self, self.store.begin_parts(key, size=size))

    def resume_parts(self, key: str, token: str, *, size: int) -> Any:
        parts = self.store.resume_parts(key, token, size=size)
        return None if parts is None else _Parts(self, parts)


class _Parts:
    def __init__(self, of: Breaking, parts: Parts) -> None:
        self._of = of
        self._parts = parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parts, name)

    def write(self, number: int, data: bytes) -> None:
        if number == self._of.before:
            raise self._of.error
        self._parts.write(number, data)
        self._of.written.append(number)


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch, delivery_store: Store) -> Breaking:
    """The delivery store, breaking before part 3 until `before` is set to None."""
    broken = Breaking(delivery_store, before=3, error=OutOfReach("gone"))
    monkeypatch.setattr(stores, "delivery", lambda: broken)
    return broken


@pytest.fixture(params=["folder", "s3"])
def delivery_store(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Store:
    return deliver_into(request.param, request, tmp_path, settings)


@pytest.fixture
def archive(scene: Scene, tmp_path: Path, delivery_store: Store, monkeypatch: pytest.MonkeyPatch) -> Archive:
    into_small_parts(monkeypatch)
    return publish(scene, tmp_path / "everyone")
