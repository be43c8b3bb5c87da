"""Publishing what lies under a prefix of a bucket, on a real S3 server."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from pytest_django import Settings

from agreements.catalog import archives
from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.core.errors import Invalid
from agreements.vault import stores
from agreements.vault.protocol import OutOfReach
from agreements.vault.s3 import S3Store
from agreements.vault.s3_prefix import Listed, Prefix
from tests.catalog.conftest import SETUP
from tests.catalog.sources import FILES
from tests.services.seaweed import Seaweed

Put = Callable[[str, bytes], object]


@pytest.fixture
def bucket(seaweed_server: Seaweed, settings: Settings) -> S3Store:
    """Return a bucket of the owner's; the archives are in a folder, as they may be."""
    settings.S3_ENDPOINT = settings.S3_PUBLIC_ENDPOINT = seaweed_server.endpoint
    settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY = seaweed_server.access_key, seaweed_server.secret_key
    store = S3Store(f"owner-{secrets.token_hex(6)}", stores._access(), may_presign=False)
    store.prepare()
    return store


@pytest.fixture
def put(bucket: S3Store) -> Put:
    return lambda key, data: bucket.client.put_object(Bucket=bucket.bucket, Key=key, Body=data)


@pytest.fixture
def address(bucket: S3Store, put: Put) -> str:
    for name, data in FILES.items():
        put(f"captures/train40/{name}", data)
    put("captures/train40-notes.txt", b"of another folder")
    return f"s3://{bucket.bucket}/captures/train40"


@pytest.mark.parametrize("ending", ["", "/"])
def test_everything_under_a_prefix_is_published(train40: Subset, address: str, ending: str) -> None:
    archive = publish_archive(subset=train40, source=address + ending, by=SETUP)
    index = archives.index_of(archive)
    assert set(index.number_of) == set(FILES)
    for name, data in FILES.items():
        member = index.members[index.number_of[name]]
        assert b"".join(archives.reader(archive)(member.offset, member.packed_size)) == data


def test_a_whole_bucket_is_a_prefix_too(train40: Subset, bucket: S3Store, address: str) -> None:
    archive = publish_archive(subset=train40, source=f"s3://{bucket.bucket}", by=SETUP)
    assert "captures/train40-notes.txt" in archives.index_of(archive).number_of


def test_the_same_objects_again_are_the_same_version(train40: Subset, address: str) -> None:
    first = publish_archive(subset=train40, source=address, by=SETUP)
    assert publish_archive(subset=train40, source=address, by=SETUP) == first


def test_markers_of_folders_are_left_out_for_the_prefix_and_kept_for_empty_folders(
    train40: Subset, bucket: S3Store, put: Put, address: str
) -> None:
    put("captures/train40/", b"")
    put("captures/train40/nothing yet/", b"")
    archive = publish_archive(subset=train40, source=address, by=SETUP)
    assert set(archives.index_of(archive).number_of) == {*FILES, "nothing yet/"}


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("AMANDA/annots.npy", r"cannot be told from"),
        ("C:/windows", "'C:/windows' is an absolute path"),
        ("tab\there", "holds a control character"),
    ],
)
def test_a_key_that_is_no_good_name_is_refused_and_named(
    train40: Subset, put: Put, address: str, key: str, problem: str
) -> None:
    put(f"captures/train40/{key}", b"x")
    with pytest.raises(Invalid, match=problem):
        publish_archive(subset=train40, source=address, by=SETUP)
    assert not Archive.objects.exists()


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("../up", "leads out of the archive"),
        ("/etc/passwd", "is an absolute path"),
        ("a//b", "has an empty or '.' component"),
        ("a\\b", "holds a backslash"),
        ("folder/", "is named like a folder but holds bytes"),
    ],
)
def test_keys_that_only_some_servers_keep_are_refused_and_named(
    train40: Subset, address: str, key: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SeaweedFS tidies such keys; AWS does not.
    objects = Prefix.objects

    def with_odd(self: Prefix) -> list[Listed]:
        found = list(objects(self))
        return [*found, found[0]._replace(key=f"{self.prefix}{key}", size=5)]

    monkeypatch.setattr(Prefix, "objects", with_odd)
    with pytest.raises(Invalid, match=problem) as refused:
        publish_archive(subset=train40, source=address, by=SETUP)
    assert key in str(refused.value) or repr(key) in str(refused.value)


def test_an_object_that_is_replaced_while_it_is_published_ends_it(train40: Subset, put: Put, address: str) -> None:
    def replace(phase: str, done: int, total: int) -> None:
        if phase == "writing" and done == 0:
            put("captures/train40/genebody_split.npy", b"splat")

    with pytest.raises(
        OutOfReach, match=r"genebody_split\.npy cannot be read on from byte 0: it was replaced meanwhile"
    ):
        publish_archive(subset=train40, source=address, by=SETUP, progress=replace)
    assert not Archive.objects.exists()
    assert publish_archive(subset=train40, source=address, by=SETUP).version == 1


def test_what_cannot_be_published_is_said(train40: Subset, bucket: S3Store, address: str) -> None:
    for source, problem in (
        (f"s3://{bucket.bucket}/captures/none", "There is nothing under"),
        ("s3://no-such-bucket-here/a", "There is no bucket no-such-bucket-here"),
        ("s3://", "is not of the form"),
        ("s3://Bad_Bucket!/x", "There is no bucket"),
    ):
        with pytest.raises(Invalid, match=problem):
            publish_archive(subset=train40, source=source, by=SETUP)


def test_a_server_out_of_reach_is_no_refusal_of_the_source(train40: Subset, address: str, settings: Settings) -> None:
    settings.S3_ENDPOINT = "http://127.0.0.1:9"
    with pytest.raises(OutOfReach):
        publish_archive(subset=train40, source=address, by=SETUP)
