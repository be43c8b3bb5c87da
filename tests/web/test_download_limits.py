# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""How many downloads begin and run at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from agreements.core import clock
from agreements.grants.models import DownloadOpened
from agreements.web import download_limits
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.web.downloads import body, leave, path, streaming, token, whole  # noqa: F401


class TestHowMuchAtOnce:
    def test_a_link_has_so_many_downloads_at_once_and_a_finished_one_makes_room(
        self, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(download_limits, "AT_ONCE", 2)
        first, second = client.get(path), client.get(path)
        refused = client.get(path)
        assert (refused.status_code, refused["Retry-After"]) == (429, "30")
        assert DownloadOpened.objects.count() == 2
        leave(first)
        third = client.get(path)
        assert third.status_code == 200
        body(second)
        body(third)
        assert not download_limits._running

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
