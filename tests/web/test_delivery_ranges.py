# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""Parts of a download, asked for as RFC 9110 lets a client ask, and preconditions."""

from __future__ import annotations

import pytest
from django.test import Client

from agreements.grants.models import DownloadOpened
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.grants.scene import Scene
from tests.web.downloads import body, leave, path, token, whole  # noqa: F401


class TestRanges:
    @pytest.mark.parametrize(
        ("wanted", "cut"),
        [("bytes=0-0", slice(0, 1)), ("bytes=100-70000", slice(100, 70001)), ("bytes=-22", slice(-22, None))],
    )
    def test_a_range_is_that_part_of_the_whole(self, client: Client, path: str, wanted: str, cut: slice) -> None:
        data = whole(client, path)
        response = client.get(path, headers={"Range": wanted})
        assert response.status_code == 206
        part = body(response)
        assert part == data[cut]
        start, stop, _ = cut.indices(len(data))
        assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(data)}"
        assert int(response["Content-Length"]) == len(part)

    def test_ranges_that_make_one_are_answered_as_one_and_others_with_the_whole(
        self, client: Client, path: str
    ) -> None:
        one = client.get(path, headers={"Range": "bytes=5-9, 0-4,"})
        assert (one.status_code, one["Content-Range"].split("/")[0]) == (206, "bytes 0-9")
        assert len(body(one)) == 10
        apart = client.get(path, headers={"Range": "bytes=0-1,500-501"})
        assert apart.status_code == 200
        assert "Content-Range" not in apart.headers
        assert len(body(apart)) == int(apart["Content-Length"])

    def test_a_thousand_ranges_are_one_download(self, client: Client, path: str) -> None:
        many = client.get(path, headers={"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200_000, 200))})
        assert many.status_code == 200
        leave(many)
        assert DownloadOpened.objects.count() == 1

    @pytest.mark.parametrize(
        ("wanted", "cut"),
        [
            ("bytes=-0", None),
            ("bytes=-1", slice(-1, None)),
            ("bytes=-99999999", slice(0, None)),
            ("bytes=7-", slice(7, None)),
        ],
    )
    def test_suffixes_and_open_ranges(self, client: Client, path: str, wanted: str, cut: slice | None) -> None:
        response = client.get(path, headers={"Range": wanted})
        if cut is None:
            assert response.status_code == 416
            return
        assert response.status_code == 206
        assert body(response) == whole(client, path)[cut]

    def test_a_range_behind_the_end_is_416_and_opens_nothing(
        self,
        client: Client,
        scene: Scene,
        path: str,
    ) -> None:
        response = client.get(path, headers={"Range": f"bytes={scene.sealed.sealed_size}-"})
        assert response.status_code == 416
        assert response["Content-Range"] == f"bytes */{scene.sealed.sealed_size}"
        assert not DownloadOpened.objects.exists()

    def test_if_range_goes_on_with_the_same_bytes_and_begins_anew_with_others(self, client: Client, path: str) -> None:
        etag = client.head(path)["ETag"]
        same = client.get(path, headers={"Range": "bytes=5-", "If-Range": etag})
        other = client.get(path, headers={"Range": "bytes=5-", "If-Range": '"other"'})
        dated = client.get(path, headers={"Range": "bytes=5-", "If-Range": "Mon, 02 Mar 2026 12:00:00 GMT"})
        weak = client.get(path, headers={"Range": "bytes=5-", "If-Range": f"W/{etag}"})
        assert [same.status_code, other.status_code, dated.status_code, weak.status_code] == [206, 200, 200, 200]
        behind = client.get(path, headers={"Range": "bytes=999999999-", "If-Range": '"other"'})
        assert behind.status_code == 200
        for response in (same, other, dated, weak, behind):
            leave(response)

    def test_preconditions_are_heeded_without_opening_anything(self, client: Client, path: str) -> None:
        etag = client.head(path)["ETag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
        assert client.get(path, headers={"If-Match": '"other"'}).status_code == 412
        assert client.get(path, headers={"If-Match": f"W/{etag}"}).status_code == 412
        assert client.get(path, headers={"If-None-Match": f'"x", W/{etag}', "Range": "bytes=0-1"}).status_code == 304
        assert client.head(path, headers={"If-None-Match": etag}).status_code == 304
        assert client.head(path, headers={"If-Match": '"other"'}).status_code == 412
        assert not DownloadOpened.objects.exists()
