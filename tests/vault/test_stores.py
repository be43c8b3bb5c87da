"""What both stores promise alike."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from agreements.vault import stores
from agreements.vault.folder import FolderStore
from agreements.vault.protocol import NoSuchObject, OutOfReach, Store
from agreements.vault.s3 import S3Store

DATA = bytes(range(256)) * 4096 + b"end"


def pieces(data: bytes, size: int = 100_000) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def test_what_was_put_comes_back_with_its_size_and_digest(store: Store) -> None:
    put = store.put("pack-1", pieces(DATA))
    assert put.size == store.size("pack-1") == len(DATA)
    assert put.sha256 == store.digest("pack-1") == hashlib.sha256(DATA).hexdigest()
    assert b"".join(store.open_range("pack-1", 0, len(DATA))) == DATA


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (5, 5), (255, 70_000), (len(DATA) - 1, len(DATA))])
def test_a_range_is_exactly_the_bytes_asked_for(store: Store, start: int, stop: int) -> None:
    store.put("pack-1", pieces(DATA))
    assert b"".join(store.open_range("pack-1", start, stop)) == DATA[start:stop]


def test_a_range_outside_the_object_is_refused_before_a_byte_is_read(store: Store) -> None:
    store.put("pack-1", [b"abc"])
    with pytest.raises(ValueError, match="bytes 0 to 4 are not within 0 to 3"):
        store.open_range("pack-1", 0, 4)


def test_an_empty_object_is_an_object(store: Store) -> None:
    store.put("nothing", [])
    assert store.exists("nothing")
    assert store.size("nothing") == 0
    assert list(store.open_range("nothing", 0, 0)) == []


def test_a_missing_object_is_named(store: Store) -> None:
    assert not store.exists("absent")
    for ask in (store.size, store.digest, lambda key: store.open_range(key, 0, 1)):
        with pytest.raises(NoSuchObject, match="absent"):
            ask("absent")
    store.delete("absent")


def test_a_deleted_object_is_gone(store: Store) -> None:
    store.put("short-lived", [b"x"])
    store.delete("short-lived")
    assert not store.exists("short-lived")


def test_putting_again_replaces_the_whole_object(store: Store) -> None:
    store.put("pack-1", [b"a longer first version"])
    store.put("pack-1", [b"second"])
    assert b"".join(store.open_range("pack-1", 0, 6)) == b"second"
    assert store.size("pack-1") == 6


@pytest.mark.parametrize("bad", ["", "a/b", "../up", ".hidden", "a b", "x" * 121, "é", "a\n"])
def test_a_name_that_is_not_flat_is_refused(store: Store, bad: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        store.put(bad, [b"x"])


def test_an_interrupted_put_leaves_nothing_visible(store: Store) -> None:
    def breaks_off() -> Iterator[bytes]:
        yield b"x" * 40_000_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put("half", breaks_off())
    assert not store.exists("half")


def test_readers_do_not_disturb_each_other(store: Store) -> None:
    store.put("pack-1", pieces(DATA))
    seen: list[bytes] = []

    def read() -> None:
        seen.append(b"".join(store.open_range("pack-1", 100, 900_000)))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [DATA[100:900_000]] * 8


def test_all_ranges_of_one_reader_are_of_one_version(store: Store) -> None:
    store.put("pack-1", pieces(DATA))
    read, later = store.one_version("pack-1"), store.one_version("pack-1")
    assert b"".join(read(0, 100)) == DATA[:100]
    store.put("pack-1", pieces(DATA[::-1]))
    with pytest.raises(OutOfReach, match=r"pack-1 .*replaced"):
        list(read(100, 200))
    assert b"".join(later(100, 200)) == DATA[::-1][100:200]
    assert b"".join(store.open_range("pack-1", 100, 200)) == DATA[::-1][100:200]


def test_a_folder_keeps_no_file_of_an_interrupted_put(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = FolderStore(tmp_path_factory.mktemp("vault"))

    def breaks_off() -> Iterator[bytes]:
        yield b"some"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        store.put("half", breaks_off())
    assert list(store.folder.iterdir()) == []


def test_the_settings_say_where_the_stores_are(settings: Settings) -> None:
    settings.VAULT_ARCHIVES = "s3:released"
    settings.VAULT_PAPERS = "s3:private"
    archives, papers = stores.archives(), stores.papers()
    assert isinstance(archives, S3Store)
    assert isinstance(papers, S3Store)
    assert (archives.bucket, archives.may_presign) == ("released", True)
    assert (papers.bucket, papers.may_presign) == ("private", False)
    assert stores.archives() is archives


def test_papers_are_never_presigned(settings: Settings) -> None:
    settings.VAULT_PAPERS = "s3:private"
    assert stores.papers().presign("signed-copy", filename="a.pdf", seconds=60) is None


@pytest.mark.parametrize("address", ["", "folder:", "ftp:somewhere", "/just/a/path"])
def test_an_address_that_makes_no_sense_is_named(settings: Settings, address: str) -> None:
    settings.VAULT_ARCHIVES = address
    with pytest.raises(ImproperlyConfigured, match="folder:/path or s3:bucket"):
        stores.archives()


def test_no_secret_shows_in_a_representation(s3_store: S3Store) -> None:
    assert s3_store.access.secret_key not in repr(s3_store) + repr(s3_store.access)
