"""One store of each kind; S3 is a real server."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from agreements.vault.folder import FolderStore
from agreements.vault.protocol import Store
from agreements.vault.s3 import S3Store
from agreements.vault.s3_client import Access
from tests.services import seaweed
from tests.services.s3 import seaweed_server

__all__ = ["seaweed_server"]


def access_to(server: seaweed.Seaweed, *, endpoint: str = "", public: str = "") -> Access:
    return Access(
        endpoint=endpoint or server.endpoint,
        public_endpoint=public or server.endpoint,
        region="us-east-1",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )


@pytest.fixture
def s3_store(seaweed_server: seaweed.Seaweed) -> S3Store:
    store = S3Store(f"b-{secrets.token_hex(6)}", access_to(seaweed_server), may_presign=True)
    store.prepare()
    return store


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        folder = FolderStore(tmp_path / "vault")
        folder.prepare()
        return folder
    made: S3Store = request.getfixturevalue("s3_store")
    return made
