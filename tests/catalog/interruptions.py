"""Publishings of files longer than a part, interrupted: what is read and written is counted."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from agreements.catalog import archives
from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing import sources
from agreements.catalog.publishing.publish import publish_archive
from agreements.vault import parts, stores
from agreements.vault.folder_parts import FolderParts
from agreements.vault.protocol import Store
from agreements.vault.s3_parts import S3Parts
from tests.catalog.conftest import SETUP
from tests.services.seaweed import Seaweed

PART = 5 * 1024 * 1024
BIG = random.Random(5).randbytes(PART)


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the store of archives, with the smallest parts that S3 allows."""
    monkeypatch.setattr(parts, "PART", PART)
    if request.param == "s3":
        server: Seaweed = request.getfixturevalue("seaweed_server")
        settings.VAULT_ARCHIVES = f"s3:r-{secrets.token_hex(6)}"
        settings.S3_ENDPOINT = settings.S3_PUBLIC_ENDPOINT = server.endpoint
        settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY = server.access_key, server.secret_key
    return stores.archives()


@pytest.fixture
def large(source: Path) -> Path:
    """Return the source with four files more, each a little longer than a part."""
    for number in range(4):
        (source / f"large{number}.bin").write_bytes(bytes([number]) * 1000 + BIG)
    return source


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of files that are read, as they are."""
    seen: list[str] = []
    packed = sources.FolderMember.packed

    def noted(self: sources.FolderMember, start: int = 0) -> Iterator[bytes]:
        seen.append(self.name)
        return packed(self, start)

    monkeypatch.setattr(sources.FolderMember, "packed", noted)
    return seen


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of the parts that are written, as they are."""
    seen: list[int] = []
    for kind in (FolderParts, S3Parts):
        write = kind.write

        def noted(self: FolderParts | S3Parts, number: int, data: bytes, write: object = write) -> None:
            seen.append(number)
            write(self, number, data)  # type: ignore[operator]

        monkeypatch.setattr(kind, "write", noted)
    return seen


def interrupted_at(phase: str, share: float, subset: Subset, source: Path) -> None:
    """Publish until that share of a phase is done, then press Ctrl-C."""

    def press(now: str, done: int, total: int) -> None:
        if now == phase and done >= share * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_archive(subset=subset, source=source, by=SETUP, progress=press)
    assert not Archive.objects.exists()
    assert archives.current(subset) == []


def published_right(archive: Archive, source: Path) -> None:
    index = archives.index_of(archive)
    for member in index.members:
        if not member.is_directory:
            stored = b"".join(archives.reader(archive)(member.offset, member.packed_size))
            assert stored == (source / member.name).read_bytes(), member.name


Counted = tuple[list[str], list[int]]


@pytest.fixture
def counted(read: list[str], written: list[int], monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Return what is read and written of small parts."""
    monkeypatch.setattr(parts, "PART", PART)
    return read, written
