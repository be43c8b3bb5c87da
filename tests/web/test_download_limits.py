# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""How many downloads begin and run at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from agreements.core import clock
from agreements.grants.downloads import kept_tags, quota
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened, TagPass
from agreements.web import download_limits
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.grants.scene import Scene
from tests.web.downloads import body, leave, path, streaming, token, whole  # noqa: F401


def text(response: Any) -> str:
    """Return a page as one reads it: without line breaks."""
    return " ".join(response.content.decode().split())


class TestHowMuchAtOnce:
    def test_a_person_has_so_many_downloads_at_once_and_a_finished_one_makes_room(
        self, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 2)
        first, second = client.get(path), client.get(path)
        refused = client.get(path)
        assert (refused.status_code, refused["Retry-After"]) == (429, "30")
        assert "Under this access 2 downloads or parts of downloads of yours are running already" in text(refused)
        assert refused["Cache-Control"] == "private, no-transform, no-store"
        assert DownloadOpened.objects.count() == 2
        leave(first)
        third = client.get(path)
        assert third.status_code == 200
        body(second)
        body(third)

    def test_a_link_of_the_same_person_under_the_same_access_counts_too(
        self, client: Client, scene: Scene, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 1)
        first = client.get(path)
        fresh = links.make(
            grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor, mail=False
        )
        assert client.get(f"/d/{tokens.token(fresh)}/train40.zip").status_code == 429
        leave(first)

    def test_asking_what_a_link_offers_is_not_limited(
        self, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 0)
        monkeypatch.setattr(download_limits, "LINK_MOST", 0)
        for _ in range(50):
            assert client.head(path).status_code == 200
        assert client.get(path).status_code == 429
        assert not DownloadOpened.objects.exists()

    def test_a_flood_of_tiny_ranges_by_one_link_is_told_to_wait(
        self, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(download_limits, "LINK_MOST", 3)
        for number in range(3):
            assert body(client.get(path, headers={"Range": f"bytes={number}-{number}"}))
        refused = client.get(path, headers={"Range": "bytes=3-3"})
        assert (refused.status_code, refused["Retry-After"]) == (429, "600")
        assert DownloadOpened.objects.count() == 3
        with clock.frozen(clock.now() + dt.timedelta(minutes=10, seconds=1)):
            assert body(client.get(path, headers={"Range": "bytes=3-3"}))

    def test_over_its_budget_a_person_is_told_so_before_the_first_byte_and_can_begin_anew(
        self, client: Client, scene: Scene, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept_tags, "LARGE", 60_000)
        monkeypatch.setattr(quota, "TIMES", 0)
        refused = client.get(path, headers={"Range": "bytes=500-"})
        assert (refused.status_code, refused["Retry-After"]) == (429, "86400")
        assert "the server has to read that whole file once" in text(refused)
        assert not DownloadOpened.objects.exists()
        assert not TagPass.objects.exists()
        assert body(client.get(path, headers={"Range": "bytes=500-510"}))
        assert len(body(client.get(path))) == scene.sealed.sealed_size

    def test_requests_for_open_archives_are_limited_for_each_client(self, monkeypatch: pytest.MonkeyPatch) -> None:
        download_limits.forget()
        monkeypatch.setattr(download_limits, "OPEN_MOST", 3)
        for number in range(3):
            download_limits.count_open(f"2001:db8::{number}")
        with pytest.raises(download_limits.TooManyDownloads) as refused:
            download_limits.count_open("2001:db8::9")
        assert refused.value.retry_after == 600
        download_limits.count_open("192.0.2.7")
        with clock.frozen(clock.now() + dt.timedelta(minutes=10, seconds=1)):
            download_limits.count_open("2001:db8::9")
        download_limits.forget()

    @pytest.mark.django_db
    def test_a_refused_open_download_writes_nothing(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(download_limits, "OPEN_MOST", 0)
        download_limits.forget()
        answer = client.get("/datasets/genebody/download/1/x.zip")
        assert (answer.status_code, answer["Retry-After"]) == (429, "600")
        assert not DownloadOpened.objects.exists()
