"""The page where a mailed link leads, and open archives."""

# ruff: noqa: F811 - fixtures are imported and then named as arguments

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from django.test import Client
from pytest_django import Settings

from agreements.catalog.models import Archive, SealKind
from agreements.grants import passwords
from agreements.grants.downloads import sources
from agreements.grants.links import addresses
from agreements.grants.models import (
    DownloadClosed,
    DownloadEnd,
    DownloadOpened,
    Generation,
    GenerationState,
    Link,
)
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.grants.scene import MEMBERS, Scene
from tests.grants.test_links import newer_version
from tests.web.downloads import body, leave, path, streaming, token, whole  # noqa: F401


class TestLanding:
    def test_it_says_what_it_is_until_when_and_what_opens_it(
        self,
        client: Client,
        scene: Scene,
        token: str,
    ) -> None:
        response = client.get(f"/l/{token}")
        page = response.content.decode()
        assert response.status_code == 200
        for words in (
            "train40.zip",
            "9 March 2026, 12:00 (UTC)",
            "7-Zip",
            "bsdtar",
            "Keka",
            "WinZip",
            addresses.direct(token, "train40.zip"),
            f"/l/{token}/SHA256SUMS",
            '<form method="post">',
        ):
            assert words in page, words
        assert "next=" not in page
        assert page.index('content="no-referrer"') < page.index("stylesheet")
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "private, no-transform, no-store"

    def test_it_names_nobody_and_holds_no_password(self, client: Client, scene: Scene, token: str) -> None:
        client.force_login(scene.alice)
        page = client.get(f"/l/{token}").content.decode()
        password = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
        for secret in (password, scene.alice.email, scene.grant.holder_name, scene.grant.organization):
            assert secret not in page

    def test_opening_it_changes_nothing_however_often(self, client: Client, token: str) -> None:
        before = Link.objects.values().get()
        for _ in range(3):
            client.get(f"/l/{token}")
            client.head(f"/l/{token}")
        assert Link.objects.values().get() == before
        assert not DownloadOpened.objects.exists()

    def test_the_button_leads_to_the_bytes_without_a_cookie(self, token: str) -> None:
        strict = Client(enforce_csrf_checks=True)
        response = strict.post(f"/l/{token}")
        assert response.status_code == 303
        assert response["Location"] == addresses.direct(token, "train40.zip")
        assert response["Referrer-Policy"] == "no-referrer"
        assert not strict.cookies

    def test_the_button_leads_where_downloads_are_served(self, client: Client, token: str, settings: Settings) -> None:
        settings.DELIVERY_URL = "https://files.example.org"
        assert client.post(f"/l/{token}")["Location"] == f"https://files.example.org/d/{token}/train40.zip"

    def test_the_checksums_are_those_of_the_files_inside(self, client: Client, token: str) -> None:
        response = client.get(f"/l/{token}/SHA256SUMS")
        lines = [line.split("  ") for line in response.content.decode().splitlines()]
        assert {name: digest for digest, name in lines} == {
            name: hashlib.sha256(data).hexdigest() for name, data in MEMBERS.items()
        }
        assert response["Content-Type"].startswith("text/plain")

    def test_it_gives_commands_that_go_on_where_they_stopped(self, client: Client, token: str) -> None:
        page = client.get(f"/l/{token}").content.decode()
        address = addresses.direct(token, "train40.zip")
        for line in (
            f"wget -c {address}",
            f"curl -fL -C - -o train40.zip {address}",
            f"aria2c -c -x 8 -s 8 -o train40.zip {address}",
        ):
            assert f'data-copy="{line}"' in page, line

    def test_it_gives_an_input_file_for_aria2_without_a_cookie(self, client: Client, token: str) -> None:
        response = client.get(f"/l/{token}/aria2.txt")
        text = response.content.decode()
        assert f"{addresses.direct(token, 'train40.zip')}\n  out=train40.zip\n" in text
        assert "checksum" not in text
        assert response["Cache-Control"] == "private, no-transform, no-store"
        assert client.get(f"/l/{token[:-1]}x/aria2.txt").status_code == 404

    def test_of_a_newer_version_it_says_where_that_is(self, client: Client, scene: Scene, token: str) -> None:
        newer_version(scene)
        page = client.get(f"/l/{token}").content.decode()
        assert "version 2 was published on 2 March 2026; the page of your access has it" in page

    def test_a_shared_archive_is_the_same_for_everyone_and_has_a_checksum(
        self, client: Client, scene: Scene, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "The archive itself has no published checksum" in client.get(f"/l/{token}").content.decode()
        Archive.objects.filter(pk=scene.sealed.pk).update(seal=SealKind.SHARED)
        assert "This archive is being sealed" in client.get(f"/l/{token}").content.decode()
        _ready_generation(scene)
        page = client.get(f"/l/{token}").content.decode()
        assert "being sealed" not in page
        assert "The file is the same for everyone who has access." in page
        assert "--checksum=sha-256=" + "ab" * 32 in page


def _ready_generation(scene: Scene) -> Generation:
    return Generation.objects.create(
        archive=scene.sealed,
        generation=1,
        state=GenerationState.READY,
        object_key="sealed",
        sha256="ab" * 32,
        seal_id="0" * 32,
        key_number=1,
    )


class TestOpenArchives:
    def test_anyone_downloads_one_as_a_plain_zip(self, client: Client, scene: Scene) -> None:
        response = client.get(f"/datasets/genebody/download/{scene.open.pk}/test10.zip")
        with zipfile.ZipFile(io.BytesIO(body(response))) as archive:
            assert {name: archive.read(name) for name in MEMBERS} == MEMBERS
        assert DownloadOpened.objects.get().link is None
        assert DownloadClosed.objects.get().how == DownloadEnd.DONE

    def test_a_range_of_one_is_served(self, client: Client, scene: Scene) -> None:
        path = f"/datasets/genebody/download/{scene.open.pk}/test10.zip"
        part = client.get(path, headers={"Range": "bytes=10-19"})
        assert part.status_code == 206
        assert body(part) == whole(client, path)[10:20]

    def test_a_sealed_archive_is_not_had_that_way(self, client: Client, scene: Scene) -> None:
        path = f"/datasets/genebody/download/{scene.sealed.pk}/train40.zip"
        assert client.get(path).status_code == 404
        assert client.head(path).status_code == 404

    def test_a_store_that_signs_addresses_serves_it_itself(
        self,
        client: Client,
        scene: Scene,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sources, "presigned", lambda _offer: "https://s3.example.org/signed")
        response = client.get(f"/datasets/genebody/download/{scene.open.pk}/test10.zip")
        assert (response.status_code, response["Location"]) == (302, "https://s3.example.org/signed")
        assert DownloadClosed.objects.get().how == DownloadEnd.HANDED_OVER
