"""A real S3 server behind a proxy that fails on purpose: right bytes, or a plain end. Never wrong bytes."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from hashlib import sha256

import pytest

from agreements.vault import s3_client, s3_reading
from agreements.vault.protocol import OutOfReach
from agreements.vault.s3 import S3Store
from tests.services.cutting_proxy import BROKEN, HALF_A_HEAD, SLOW_DOWN, CuttingProxy, cutting
from tests.services.seaweed import Seaweed
from tests.vault.conftest import access_to

DATA = random.Random(1).randbytes(40_000_123)


@pytest.fixture
def proxy(seaweed_server: Seaweed) -> Iterator[CuttingProxy]:
    with cutting(seaweed_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def bucket(seaweed_server: Seaweed) -> S3Store:
    """Return a store that holds the large object, seen without the proxy."""
    store = S3Store("reading", access_to(seaweed_server), may_presign=True)
    store.prepare()
    store.put("large", [DATA])
    return store


@pytest.fixture
def behind(seaweed_server: Seaweed, bucket: S3Store, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """Return the store as it is seen through the proxy, with short times."""
    monkeypatch.setattr(s3_reading, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(s3_reading, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(s3_reading, "PATIENCE", 1.0)
    monkeypatch.setattr(s3_client, "SILENCE", 0.4)
    endpoint = f"http://127.0.0.1:{proxy.port}"
    return S3Store(bucket.bucket, access_to(seaweed_server, endpoint=endpoint), may_presign=True)


def digest(chunks: Iterator[bytes]) -> str:
    return sha256(b"".join(chunks)).hexdigest()


def test_a_broken_stream_is_resumed_at_the_byte_where_it_broke(behind: S3Store, proxy: CuttingProxy) -> None:
    proxy.cut_after = 7_000_000
    assert digest(behind.open_range("large", 1_000, 39_000_000)) == sha256(DATA[1_000:39_000_000]).hexdigest()
    assert proxy.cuts >= 5


@pytest.mark.parametrize("answer", [SLOW_DOWN, BROKEN, HALF_A_HEAD], ids=["slow down", "500", "half a head"])
def test_an_answer_that_passes_is_asked_for_again(behind: S3Store, proxy: CuttingProxy, answer: bytes) -> None:
    proxy.instead = [answer] * 3
    assert digest(behind.open_range("large", 5, 9_000_005)) == sha256(DATA[5:9_000_005]).hexdigest()
    assert proxy.cuts == 3


@pytest.mark.parametrize("answer", [SLOW_DOWN, BROKEN, HALF_A_HEAD], ids=["slow down", "500", "half a head"])
def test_an_answer_that_does_not_pass_ends_the_read(behind: S3Store, proxy: CuttingProxy, answer: bytes) -> None:
    proxy.instead = [answer] * 10_000
    with pytest.raises(OutOfReach, match=r"large broke off at byte 5; nothing came for \d+ s"):
        list(behind.open_range("large", 5, 9_000_005))


def test_a_server_that_never_gets_on_is_given_up_with_the_byte_named(behind: S3Store, proxy: CuttingProxy) -> None:
    chunks = behind.open_range("large", 0, len(DATA))
    got = [next(chunks)]
    proxy.cut_after = 0
    with pytest.raises(OutOfReach, match=r"large broke off at byte \d+; nothing came"):
        got.extend(chunks)
    assert DATA.startswith(b"".join(got))


def test_a_server_that_falls_silent_is_given_up_in_bounded_time(behind: S3Store, proxy: CuttingProxy) -> None:
    chunks = behind.open_range("large", 0, len(DATA))
    proxy.silent = True
    began = time.monotonic()
    with pytest.raises(OutOfReach, match="large broke off at byte 0"):
        list(chunks)
    assert time.monotonic() - began < s3_reading.PATIENCE + s3_client.SILENCE + 1
    with pytest.raises(OutOfReach, match="large in bucket"):
        behind.size("large")


def test_the_times_after_which_a_silent_server_is_given_up_are_short_enough_for_a_person() -> None:
    assert s3_reading.PATIENCE + s3_client.SILENCE <= 60


def test_an_object_that_is_replaced_while_it_is_read_ends_the_read(
    behind: S3Store, bucket: S3Store, proxy: CuttingProxy
) -> None:
    bucket.put("replaced", [DATA])
    proxy.cut_after = 3_000_000
    chunks = behind.open_range("replaced", 0, len(DATA))
    got = [next(chunks)]
    bucket.put("replaced", [DATA[::-1]])
    with pytest.raises(OutOfReach, match="it was replaced meanwhile"):
        got.extend(chunks)
    assert DATA.startswith(b"".join(got))


def test_an_answer_of_another_version_is_not_believed(behind: S3Store, proxy: CuttingProxy) -> None:
    chunks = behind.open_range("large", 0, len(DATA))
    proxy.change = lambda head: head.replace(b"Etag: ", b'Etag: "other"\r\nX-Was: ').replace(
        b"ETag: ", b'ETag: "other"\r\nX-Was: '
    )
    with pytest.raises(OutOfReach, match="it was replaced meanwhile"):
        list(chunks)


def test_an_answer_that_begins_elsewhere_is_not_believed(behind: S3Store, proxy: CuttingProxy) -> None:
    chunks = behind.open_range("large", 1_000, 2_000)
    proxy.change = lambda head: head.replace(b"Content-Range: bytes 1000-", b"Content-Range: bytes 0-")
    with pytest.raises(OutOfReach, match="the answer holds bytes 0-"):
        list(chunks)


def test_a_server_that_ignores_ranges_is_not_believed(behind: S3Store, proxy: CuttingProxy) -> None:
    chunks = behind.open_range("large", 1_000, 2_000)
    proxy.change = lambda head: head.replace(b"206 Partial Content", b"200 OK").replace(b"Content-Range", b"X-Range")
    with pytest.raises(OutOfReach, match="the answer holds the whole object"):
        list(chunks)


@pytest.mark.parametrize("wrong", [999, 100_000])
def test_an_answer_of_a_wrong_length_gives_the_right_bytes_or_none(
    behind: S3Store, proxy: CuttingProxy, wrong: int
) -> None:
    chunks = behind.open_range("large", 1_000, 51_000)
    proxy.change = lambda head: head.replace(b"Content-Length: 50000", b"Content-Length: %d" % wrong)
    got = b""
    try:
        for chunk in chunks:
            got += chunk
    except OutOfReach:
        pass
    else:
        assert len(got) == 50_000
    assert DATA[1_000:51_000].startswith(got)


def test_a_slow_reader_is_no_reason_to_give_up(
    behind: S3Store, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, days = time.monotonic, 0
    monkeypatch.setattr(time, "monotonic", lambda: now() + days * 86_400)
    proxy.cut_after = 1_000_000
    got = []
    for chunk in behind.open_range("large", 0, len(DATA)):
        got.append(chunk)
        days += 1
    assert sha256(b"".join(got)).digest() == sha256(DATA).digest()
