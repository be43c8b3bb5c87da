"""The S3 server killed in the middle of a download, for a real client of the delivery server.

What the client has is right, or its transfer visibly failed: never wrong bytes with a right length.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from agreements.vault import s3_client, s3_reading
from agreements.vault.s3 import S3Store
from portal.embedded.children import wait_until
from tests.faults import deliveries
from tests.faults.deliveries import Deliveries, run
from tests.faults.prepare_deliveries import MIB
from tests.faults.processes import freeze, thaw
from tests.figures import FIGURES
from tests.services import seaweed
from tests.services.seaweed import Seaweed
from tests.vault.conftest import access_to

pytestmark = pytest.mark.timeout(600)
GIVEN_UP = s3_reading.PATIENCE + s3_client.SILENCE + 10
"""Seconds after which a client must have been told that nothing more comes."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """An S3 server of these tests alone: nobody else's is killed."""
    with seaweed.running(tmp_path_factory.mktemp("s3-killed")) as running:
        yield running


@pytest.fixture(scope="module")
def site(server: Seaweed) -> Iterator[Deliveries]:
    with deliveries.running(vault=server) as made:
        yield made


@pytest.fixture(scope="module")
def right(site: Deliveries, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The SHA-256 of the personal archive, downloaded while all is well."""
    return run("curl", site.urls("personal")[0], folder=tmp_path_factory.mktemp("plain"))


@dataclass
class Got:
    """What a client has: its length and digest so far, the length that was announced, and whether it failed."""

    announced: int
    size: int = 0
    sha256: str = ""
    failed: str = ""
    seconds: float = 0.0


class Download:
    """A client that stops reading when told, so that the server has to stop too."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(timeout=httpx.Timeout(30, read=GIVEN_UP + 30))
        self._response = self._client.send(self._client.build_request("GET", url), stream=True)
        assert self._response.status_code == 200
        self._chunks = self._response.iter_raw(64 * 1024)
        self._digest = sha256()
        self.got = Got(int(self._response.headers["Content-Length"]))

    def read_until(self, size: int) -> None:
        """Read until so many bytes are there."""
        while self.got.size < size:
            self._take(next(self._chunks))

    def finish(self) -> Got:
        """Read to the end, or until the transfer fails."""
        began = time.monotonic()
        try:
            for chunk in self._chunks:
                self._take(chunk)
        except httpx.TransportError as error:
            self.got.failed = type(error).__name__
        self.got.seconds = time.monotonic() - began
        self.got.sha256 = self._digest.hexdigest()
        self._client.close()
        return self.got

    def _take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.got.size += len(chunk)


def how_it_ended(site: Deliveries, opened: int) -> tuple[str, int]:
    """Return how the newest download was closed, and the bytes that were sent."""
    closed = "SELECT count(*) FROM agreements_downloadclosed"
    assert wait_until(lambda: int(site.database.value(closed)) >= opened, 30), "a download was never closed"
    newest = "SELECT how, bytes_sent FROM agreements_downloadclosed ORDER BY at DESC LIMIT 1"
    ((how, sent),) = site.database.rows(newest)
    return str(how), int(sent)


@pytest.mark.parametrize(
    "at",
    [pytest.param(1, marks=pytest.mark.long), 30, pytest.param(70, marks=pytest.mark.long)],
    ids="after {} MiB".format,
)
def test_killed_and_started_again_the_file_is_right(site: Deliveries, server: Seaweed, right: str, at: int) -> None:
    download = Download(site.urls("personal")[0])
    download.read_until(at * MIB)
    server.kill()
    download.read_until(at * MIB + 64 * 1024)
    server.start()
    got = download.finish()
    assert (got.failed, got.size, got.sha256) == ("", got.announced, right)
    assert how_it_ended(site, site.requests()) == ("done", got.announced)
    FIGURES.append(f"S3 killed after {at} MiB and started again: right, the rest took {got.seconds:.1f} s")


@pytest.mark.long
def test_killed_twice_the_file_is_right(site: Deliveries, server: Seaweed, right: str) -> None:
    download = Download(site.urls("personal")[0])
    for at in (5, 60):
        download.read_until(at * MIB)
        server.kill()
        server.start()
    got = download.finish()
    assert (got.failed, got.sha256) == ("", right)


@pytest.mark.long
def test_killed_for_good_the_transfer_visibly_fails_and_can_be_gone_on_with(
    site: Deliveries, server: Seaweed, right: str, tmp_path: Path
) -> None:
    download = Download(site.urls("personal")[0])
    download.read_until(10 * MIB)
    server.kill()
    try:
        got = download.finish()
    finally:
        server.start()
    assert got.failed
    assert got.size < got.announced
    assert got.seconds < GIVEN_UP
    how, sent = how_it_ended(site, site.requests())
    assert how == "error"
    assert sent >= got.size
    FIGURES.append(f"S3 killed for good: the client's transfer failed after {got.seconds:.0f} s ({got.failed})")
    assert run("curl", site.urls("personal")[0], folder=tmp_path) == right


@pytest.mark.long
def test_a_server_that_hangs_ends_the_transfer_too(site: Deliveries, server: Seaweed, right: str) -> None:
    download = Download(site.urls("personal")[0])
    download.read_until(10 * MIB)
    freeze(server.pid)
    try:
        got = download.finish()
    finally:
        thaw(server.pid)
    assert got.failed
    assert got.seconds < GIVEN_UP
    assert how_it_ended(site, site.requests())[0] == "error"


def test_a_server_that_hangs_for_a_while_costs_time_alone(site: Deliveries, server: Seaweed, right: str) -> None:
    download = Download(site.urls("personal")[0])
    download.read_until(10 * MIB)
    freeze(server.pid)
    download.read_until(10 * MIB + 64 * 1024)
    thaw(server.pid)
    got = download.finish()
    assert (got.failed, got.sha256) == ("", right)


def test_a_pack_that_comes_back_as_another_ends_the_transfer(site: Deliveries, server: Seaweed, right: str) -> None:
    """A server restored from a backup may hold other bytes under the name."""
    bucket = site.environment["COUNTERSIGN_VAULT_ARCHIVES"].removeprefix("s3:")
    store = S3Store(bucket, access_to(server), may_presign=False)
    key, size = site.database.rows("SELECT pack_key, pack_size FROM agreements_archive WHERE name = 'personal.zip'")[0]
    pack = b"".join(store.open_range(key, 0, int(size)))
    download = Download(site.urls("personal")[0])
    download.read_until(10 * MIB)
    try:
        # Before the restart: the reader asks again the moment the server is there.
        store.put(key, [pack[::-1]])
        server.kill()
        server.start()
        got = download.finish()
    finally:
        store.put(key, [pack])
    assert got.failed
    assert got.size < got.announced
    assert how_it_ended(site, site.requests())[0] == "error"


def test_a_download_that_begins_while_the_server_is_away_visibly_fails(site: Deliveries, server: Seaweed) -> None:
    server.kill()
    try:
        status = httpx.get(site.urls("personal")[0], timeout=GIVEN_UP).status_code
    except httpx.TransportError:
        # What is known without the store has been answered by then.
        status = 503
    finally:
        server.start()
    assert status == 503
    assert how_it_ended(site, site.requests())[0] == "error"
