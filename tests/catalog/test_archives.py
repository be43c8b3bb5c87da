"""From the vault to an opened file: folder and S3 alike."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import pytest
import pyzipper
from pytest_django import Settings

from agreements.catalog import archives
from agreements.catalog.models import Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.sealing import Layout, SealedView
from agreements.vault import stores
from agreements.vault.s3 import S3Store
from tests.catalog.conftest import SETUP
from tests.catalog.sources import FILES, zip_of
from tests.services.seaweed import Seaweed


@pytest.fixture(params=["folder", "s3"])
def kind(request: pytest.FixtureRequest, settings: Settings) -> str:
    if request.param == "s3":
        server: Seaweed = request.getfixturevalue("seaweed_server")
        settings.VAULT_ARCHIVES = f"s3:c-{secrets.token_hex(6)}"
        settings.S3_ENDPOINT = settings.S3_PUBLIC_ENDPOINT = server.endpoint
        settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY = server.access_key, server.secret_key
    return str(request.param)


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_what_was_published_opens_in_another_tool_with_the_password(
    kind: str, form: str, train40: Subset, source: Path, tmp_path: Path
) -> None:
    path = source if form == "folder" else zip_of(tmp_path / "a.zip")
    archive = publish_archive(subset=train40, source=path, by=SETUP)
    assert isinstance(stores.archives(), S3Store) == (kind == "s3")
    index = archives.index_of(archive)
    view = SealedView(index, Layout(index), "ABCD-EFGH", b"k" * 32, archives.reader(archive))
    sealed = b"".join(view.stream())
    assert len(sealed) == archive.sealed_size
    with pyzipper.AESZipFile(io.BytesIO(sealed)) as opened:
        opened.setpassword(b"ABCD-EFGH")
        assert {name: opened.read(name) for name in FILES} == FILES


def test_an_index_is_read_from_the_vault_once(train40: Subset, source: Path) -> None:
    archive = publish_archive(subset=train40, source=source, by=SETUP)
    assert archives.index_of(archive) is archives.index_of(archive)


def test_a_withdrawn_version_is_not_current(train40: Subset, source: Path) -> None:
    first = publish_archive(subset=train40, source=source, by=SETUP)
    (source / "more.txt").write_text("more")
    second = publish_archive(subset=train40, source=source, by=SETUP)
    other = publish_archive(subset=train40, source=source, by=SETUP, name="other.zip")
    assert archives.current(train40) == [other, second]
    second.withdrawn_at = second.published_at
    second.save(update_fields=["withdrawn_at"])
    assert archives.current(train40) == [other, first]
    assert archives.newest(train40, "train40.zip") == second
    assert archives.ledger_name(first) == "genebody/train40/train40.zip"
