"""What only S3 does, against a real server: parts, presigned addresses."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from agreements.vault import parts, stores
from agreements.vault.protocol import NoSuchObject, OutOfReach
from agreements.vault.s3 import S3Store
from tests.services.seaweed import Seaweed
from tests.vault.conftest import access_to

DATA = random.Random(1).randbytes(40_000_123)


def test_a_large_stream_goes_up_in_parts_and_comes_back_whole(s3_store: S3Store) -> None:
    put = s3_store.put("large", (DATA[at : at + 999_983] for at in range(0, len(DATA), 999_983)))
    head = s3_store.client.head_object(Bucket=s3_store.bucket, Key="large")
    assert head["ETag"].strip('"').endswith("-3")
    assert put == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert s3_store.digest("large") == put.sha256


def test_an_interrupted_upload_leaves_no_parts_behind(s3_store: S3Store) -> None:
    def breaks_off() -> Iterator[bytes]:
        yield DATA
        raise OSError("the source went away")

    with pytest.raises(OSError, match="the source went away"):
        s3_store.put("half", breaks_off())
    uploads = s3_store.client.list_multipart_uploads(Bucket=s3_store.bucket)
    assert uploads.get("Uploads", []) == []


def test_a_presigned_address_opens_the_object_under_the_name_given(s3_store: S3Store) -> None:
    s3_store.put("pack-1", [b"open to all"])
    address = s3_store.presign("pack-1", filename="test 10.zip", seconds=60)
    assert address is not None
    answer = httpx.get(address, headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"open")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''test%2010.zip"
    assert httpx.get(address.replace("pack-1", "pack-2")).status_code == 403
    assert httpx.get(f"{s3_store.access.endpoint}/{s3_store.bucket}/pack-1").status_code == 403


def test_a_presigned_address_is_for_the_public_host_alone(seaweed_server: Seaweed, s3_store: S3Store) -> None:
    s3_store.put("pack-1", [b"open to all"])
    public = S3Store(s3_store.bucket, access_to(seaweed_server, public="https://files.lab.example"), may_presign=True)
    address = public.presign("pack-1", filename="a.zip", seconds=60)
    assert address is not None
    assert address.startswith("https://files.lab.example/")
    inside = urlsplit(address)._replace(scheme="http", netloc=f"127.0.0.1:{seaweed_server.port}").geturl()
    assert httpx.get(inside).status_code == 403


def test_a_missing_bucket_is_made_and_preparing_twice_is_harmless(seaweed_server: Seaweed) -> None:
    store = S3Store("made-on-demand", access_to(seaweed_server), may_presign=True)
    with pytest.raises(NoSuchObject):
        store.size("pack-1")
    store.prepare()
    store.prepare()
    assert store.put("pack-1", [b"x"]).size == 1


def test_a_server_that_is_not_there_is_out_of_reach(seaweed_server: Seaweed) -> None:
    store = S3Store("any", access_to(seaweed_server, endpoint="http://127.0.0.1:9"), may_presign=True)
    with pytest.raises(OutOfReach):
        store.prepare()


@pytest.mark.parametrize(
    ("expected", "part_mebibytes"), [(None, 16), (1, 16), (150 * 1024, 16), (200 * 1024, 32), (5 * 1024 * 1024, 544)]
)
def test_parts_grow_so_that_no_archive_needs_more_than_ten_thousand(expected: int | None, part_mebibytes: int) -> None:
    mebibyte = 1024 * 1024
    size = parts.part_size(expected and expected * mebibyte)
    assert size == part_mebibytes * mebibyte
    assert (expected or 0) * mebibyte <= size * parts.MOST_PARTS


@pytest.mark.parametrize(
    ("endpoint", "public", "signs"),
    [
        ("http://seaweedfs:8333", "", False),
        ("http://seaweedfs:8333", "https://files.lab.example", True),
        ("", "", True),
    ],
    ids=["a server of one's own", "reachable by another name", "AWS"],
)
def test_nobody_is_sent_to_a_name_that_only_we_know(settings: Any, endpoint: str, public: str, signs: bool) -> None:
    settings.VAULT_DELIVERY = "s3:delivery"
    settings.S3_ENDPOINT, settings.S3_PUBLIC_ENDPOINT = endpoint, public
    settings.S3_ACCESS_KEY = settings.S3_SECRET_KEY = "k"
    assert stores.delivery().signs_addresses is signs
    assert (stores.delivery().presign("a.zip", filename="a.zip", seconds=60) is not None) is signs
