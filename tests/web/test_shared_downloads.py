"""Shared archives over HTTP: led on to the object store, or streamed from a folder, by browsers and by programs."""

# ruff: noqa: F811 - fixtures are imported and then named as arguments

from __future__ import annotations

import datetime as dt
import logging
import subprocess
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from agreements.catalog.models import Archive
from agreements.core import clock
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Generation, Link
from agreements.vault.protocol import Store
from portal.log_filter import cut_tokens
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.grants.scene import Scene
from tests.grants.shared_scene import deliver_into, publish, sealed, stored_bytes
from tests.grants.test_states import revoke
from tests.services.s3 import seaweed_server  # noqa: F401
from tests.services.tools import path_of
from tests.web.downloads import body

FILES = {"a.txt": b"alpha" * 100_000, "b.txt": b"beta" * 100_000}


@pytest.fixture
def on_s3(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Store:
    return deliver_into("s3", request, tmp_path, settings)


@pytest.fixture
def in_a_folder(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Store:
    return deliver_into("folder", request, tmp_path, settings)


@pytest.fixture
def archive(scene: Scene, tmp_path: Path) -> Archive:
    return publish(scene, tmp_path / "everyone", files=FILES)


@pytest.fixture
def path(scene: Scene, archive: Archive) -> str:
    link = links.make(grant=scene.grant, archive=archive, person=scene.alice, by=scene.alice.actor, mail=False)
    return f"/d/{tokens.token(link)}/{archive.name}"


class TestOnS3:
    def test_a_download_is_led_on_for_five_minutes_at_most(
        self, on_s3: Store, client: Client, archive: Archive, path: str
    ) -> None:
        generation = sealed(archive)
        answer = client.get(path)
        assert answer.status_code == 302
        query = parse_qs(urlsplit(answer["Location"]).query)
        assert int(query["X-Amz-Expires"][0]) <= 300
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "private, no-transform, no-store"
        got = httpx.get(answer["Location"])
        assert got.content == stored_bytes(on_s3, generation)
        named = Message()
        named["Content-Disposition"] = got.headers["Content-Disposition"]
        assert named.get_filename() == "everyone.zip"

    def test_each_redirect_is_a_row_that_is_closed_at_once(
        self, on_s3: Store, client: Client, archive: Archive, path: str
    ) -> None:
        generation = sealed(archive)
        client.get(path, headers={"Range": "bytes=10-19"})
        opened = DownloadOpened.objects.get()
        assert (opened.generation, opened.range_start, opened.range_stop) == (generation, 0, archive.sealed_size), (
            "the address gives all of it, whatever was asked for here"
        )
        assert DownloadClosed.objects.get().how == DownloadEnd.HANDED_OVER

    def test_head_is_answered_here_and_writes_nothing(
        self, on_s3: Store, client: Client, archive: Archive, path: str
    ) -> None:
        sealed(archive)
        head = client.head(path)
        assert (head.status_code, int(head["Content-Length"])) == (200, archive.sealed_size)
        assert head["ETag"].startswith('"')
        assert head["Accept-Ranges"] == "bytes"
        assert not DownloadOpened.objects.exists()

    def test_what_lies_behind_the_end_is_answered_here(
        self, on_s3: Store, client: Client, archive: Archive, path: str
    ) -> None:
        sealed(archive)
        answer = client.get(path, headers={"Range": f"bytes={archive.sealed_size}-"})
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{archive.sealed_size}")
        assert not DownloadOpened.objects.exists()

    def test_after_a_revocation_nobody_is_led_on(
        self, on_s3: Store, client: Client, scene: Scene, archive: Archive, path: str
    ) -> None:
        sealed(archive)
        assert client.get(path).status_code == 302
        revoke(scene, by=scene.dan.actor)
        assert client.get(path).status_code == 404
        assert DownloadOpened.objects.count() == 1

    def test_a_resumed_download_is_led_to_the_object_it_began_with(
        self, on_s3: Store, client: Client, archive: Archive, path: str
    ) -> None:
        first = sealed(archive)
        client.get(path)
        second = sealed(archive)
        resumed = client.get(path, headers={"Range": "bytes=1000-"})["Location"]
        assert first.object_key in resumed
        half = httpx.get(resumed, headers={"Range": "bytes=1000-"})
        assert (half.status_code, half.content) == (206, stored_bytes(on_s3, first)[1000:])
        with clock.frozen(clock.now() + dt.timedelta(seconds=1)):
            assert second.object_key in client.get(path, headers={"Range": "bytes=0-"})["Location"]

    def test_a_signed_address_is_cut_out_of_logs(
        self, on_s3: Store, client: Client, archive: Archive, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        sealed(archive)
        with caplog.at_level(logging.DEBUG, logger="agreements"), caplog.at_level(logging.INFO):
            address = client.get(path)["Location"]
        signature = parse_qs(urlsplit(address).query)["X-Amz-Signature"][0]
        assert signature not in caplog.text
        assert signature not in cut_tokens(f"302 to {address}")


class TestInAFolder:
    def test_it_is_streamed_with_all_that_a_client_needs(
        self, in_a_folder: Store, client: Client, archive: Archive, path: str
    ) -> None:
        generation = sealed(archive)
        answer = client.get(path)
        assert body(answer) == stored_bytes(in_a_folder, generation)
        assert answer["Content-Disposition"] == 'attachment; filename="everyone.zip"'
        assert DownloadClosed.objects.get().how == DownloadEnd.DONE
        part = client.get(path, headers={"Range": "bytes=100-199", "If-Range": answer["ETag"]})
        assert (part.status_code, body(part)) == (206, stored_bytes(in_a_folder, generation)[100:200])
        assert [row.generation for row in DownloadOpened.objects.all()] == [generation] * 2

    def test_it_is_cut_when_access_ends(
        self, in_a_folder: Store, scene: Scene, archive: Archive, path: str, watching: Watcher
    ) -> None:
        sealed(archive)
        answer: Any = Client().get(path)
        next(answer._iterator)
        revoke(scene, by=scene.dan.actor)
        watching.tick()
        with pytest.raises(ConnectionError):
            list(answer._iterator)
        assert DownloadClosed.objects.get().how == DownloadEnd.REVOKED

    def test_who_resumes_after_a_rotation_gets_the_rest_of_the_same_object(
        self, in_a_folder: Store, client: Client, archive: Archive, path: str
    ) -> None:
        first = sealed(archive)
        begun = client.get(path)
        old = begun["ETag"]
        body(begun)
        second = sealed(archive)
        rest = client.get(path, headers={"Range": "bytes=1000-"})
        assert (rest["ETag"], body(rest)) == (old, stored_bytes(in_a_folder, first)[1000:])
        anew = client.get(path, headers={"Range": "bytes=0-999"})
        assert anew["ETag"] != old
        assert body(anew) == stored_bytes(in_a_folder, second)[:1000]


class TestBeforeItIsSealed:
    def test_the_bytes_are_promised_for_later(self, in_a_folder: Store, client: Client, path: str) -> None:
        for ask in (client.get, client.head):
            answer = ask(path)
            assert (answer.status_code, int(answer["Retry-After"])) == (503, 300)
        assert "is being prepared" in client.get(path).content.decode()
        assert not DownloadOpened.objects.exists()

    def test_the_landing_page_says_so(self, in_a_folder: Store, client: Client, path: str) -> None:
        page = client.get(f"/l/{path.split('/')[2]}")
        assert page.status_code == 200
        assert "This archive is being sealed" in page.content.decode()

    def test_checksums_of_the_files_inside_are_known(self, in_a_folder: Store, client: Client, path: str) -> None:
        sums = client.get(f"/l/{path.split('/')[2]}/SHA256SUMS").content.decode()
        assert sha256(FILES["a.txt"]).hexdigest() in sums

    def test_once_it_is_sealed_the_page_tells_of_a_password_for_everybody(
        self, in_a_folder: Store, client: Client, archive: Archive, path: str
    ) -> None:
        sealed(archive)
        page = client.get(f"/l/{path.split('/')[2]}").content.decode()
        assert "your own password" not in page
        assert "Download everyone.zip" in page


@pytest.mark.django_db(transaction=True)
class TestPrograms:
    """Each begins in the middle, as after a kill, and is led on."""

    @pytest.fixture
    def address(
        self, request: pytest.FixtureRequest, on_s3: Store, live_server: LiveServer, archive: Archive, path: str
    ) -> str:
        sealed(archive)
        # The server's threads have the real clock.
        Link.objects.update(expires_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        return f"{live_server.url}{path}"

    @pytest.mark.parametrize("program", ["wget", "curl", "aria2c"])
    def test_what_broke_off_is_completed_through_the_redirect(
        self, program: str, address: str, on_s3: Store, tmp_path: Path
    ) -> None:
        data = stored_bytes(on_s3, Generation.objects.get())
        place = tmp_path / "downloads" / "everyone.zip"
        place.parent.mkdir()
        commands = {
            "wget": ["-c", "-q", address],
            "curl": ["-sS", "-f", "-L", "-C", "-", "-O", address],
            "aria2c": ["-q", "-x8", "-s8", "-k1M", "--no-conf", "-o", place.name, address],
        }
        if program != "aria2c":
            place.write_bytes(data[:1000])
        subprocess.run([path_of(program), *commands[program]], cwd=place.parent, check=True, timeout=60)
        assert sha256(place.read_bytes()).hexdigest() == sha256(data).hexdigest()
