"""No room left for what is uploaded: said in words, and nothing half stored."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from agreements.applications.models import Application, SignedCopy
from agreements.documents.issuing import newest
from agreements.documents.models import StoredDocument
from agreements.ledger.verify import verify
from agreements.vault import folder
from agreements.vault.folder import FolderStore
from agreements.vault.protocol import Put
from tests.flows.scene import Scene, draft_with_signed_copy, make_scene, signed_in

TOLD = "The file could not be kept: our store is full or does not answer."


@contextmanager
def full_disk(papers: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Leave no room in the store: a real file system where this may mount one, else the error that it would give."""
    papers.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(papers)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if mounted:
        try:
            yield "a file system of 8 KiB"
        finally:
            subprocess.run(["umount", str(papers)], check=True)
        return

    plain = FolderStore.put

    def put(self: FolderStore, key: str, chunks: Iterable[bytes], *, expected_size: int | None = None) -> Put:
        def cut() -> Iterator[bytes]:
            for chunk in chunks:
                yield chunk[: 8 * 1024]
                raise OSError(errno.ENOSPC, "No space left on device")

        return plain(self, key, cut(), expected_size=expected_size)

    with monkeypatch.context() as patched:
        patched.setattr(folder.FolderStore, "put", put)
        yield "an error after 8 KiB"


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    """The scene of the whole chain."""
    return make_scene(tmp_path / "train40")


@pytest.fixture
def application(scene: Scene) -> Application:
    """Alice's application with a signed copy that is kept."""
    return draft_with_signed_copy(scene)


def test_an_upload_without_room_is_refused_in_words_and_leaves_nothing(
    scene: Scene, application: Application, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (StoredDocument.objects.count(), SignedCopy.objects.get())
    papers = tmp_path / "papers"
    settings.VAULT_PAPERS = f"folder:{papers}"
    file = SimpleUploadedFile("signed.pdf", b"%PDF-1.7\n" + b"x" * 2_000_000, "application/pdf")
    with full_disk(papers, monkeypatch):
        answer = signed_in(scene.alice).post(f"/applications/{application.reference}/signed-copy/", {"file": file})
        assert answer.status_code == 422
        assert TOLD in answer.content.decode()
        assert list(papers.iterdir()) == []
    assert (StoredDocument.objects.count(), SignedCopy.objects.get()) == before
    assert verify().holds


def test_an_agreement_without_room_is_refused_in_words_and_leaves_nothing(
    scene: Scene, application: Application, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = newest(application.reference)
    papers = tmp_path / "papers"
    settings.VAULT_PAPERS = f"folder:{papers}"
    application.city = "Kowloon"
    application.save()
    with full_disk(papers, monkeypatch):
        page = f"/applications/{application.reference}/agreement/"
        answer = signed_in(scene.alice).post(page, follow=True)
        assert TOLD in answer.content.decode()
        assert list(papers.iterdir()) == []
    assert newest(application.reference) == issued
    assert verify().holds
