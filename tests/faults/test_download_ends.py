"""How a real delivery process answers, and that every way a download can end is told: left, stopped, killed."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.children import wait_until
from tests.faults.processes import children_of, kill
from tests.services import delivery_site
from tests.services.delivery_site import Site
from tests.services.readers import Reader

pytestmark = pytest.mark.services

SETTLE = """
import datetime as dt
import django; django.setup()
from agreements.core import clock
from agreements.grants.downloads import process
with clock.frozen(clock.now() + process.SILENCE + dt.timedelta(minutes=1)):
    print(process.settle_abandoned())
"""
ENDS = """
    SELECT c.how, c.bytes_sent, c.seconds, o.range_start, o.range_stop FROM agreements_downloadopened o
    LEFT JOIN agreements_downloadclosed c ON c.opened_id = o.id ORDER BY o.at
"""


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    with delivery_site.running(members=1, grants=1) as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    """A delivery server that runs, whatever the test before did to it."""
    if not running_site.server.alive:
        running_site.start()
    return running_site


def last_end(site: Site) -> tuple[str | None, int | None, float | None, int, int]:
    how, size, seconds, start, stop = site.database.rows(ENDS)[-1]
    return how, size, seconds, start, stop


def ask(site: Site, *lines: str, method: str = "GET") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=20)
    request = [f"{method} {site.paths[0]} HTTP/1.1", f"Host: 127.0.0.1:{site.port}", *lines, "", ""]
    connection.sendall("\r\n".join(request).encode())
    return connection


def head_of(connection: socket.socket) -> str:
    """Return the next headers, leaving the body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"the connection ended after {head!r}"
        head += byte
    return head.decode()


def test_one_connection_serves_heads_ranges_and_expectations_one_after_another(site: Site) -> None:
    size = site.made["size"]
    with ask(site, method="HEAD") as connection:
        head = head_of(connection)
        assert head.startswith("HTTP/1.1 200 ")
        assert f"content-length: {size}\r\n" in head.lower()
        assert "connection: keep-alive" in head.lower()
        for start in (0, 70_000, size - 10):
            lines = [f"Range: bytes={start}-{start + 9}", "Expect: 100-continue"]
            request = [f"GET {site.paths[0]} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]
            connection.sendall("\r\n".join(request).encode())
            head = head_of(connection)
            if head.startswith("HTTP/1.1 100 "):
                head = head_of(connection)
            assert head.startswith("HTTP/1.1 206 ")
            assert f"bytes {start}-{start + 9}/{size}" in head
            assert len(connection.recv(10, socket.MSG_WAITALL)) == 10
    # Its row is written behind the last byte, which this client has already.
    assert wait_until(lambda: last_end(site)[0] is not None, 20)
    assert last_end(site)[:2] == ("done", 10)
    assert last_end(site)[3:] == (size - 10, size)


@pytest.mark.parametrize("how", ["politely", "by a reset"])
def test_a_client_that_vanishes_is_told_of_with_bytes_range_and_duration(site: Site, how: str) -> None:
    connection = ask(site, "Range: bytes=1000-")
    head_of(connection)
    connection.recv(100_000, socket.MSG_WAITALL)
    if how == "by a reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert wait_until(lambda: last_end(site)[0] is not None, 20)
    end, size, seconds, start, stop = last_end(site)
    assert (end, start, stop) == ("client-gone", 1000, site.made["size"])
    assert size is not None
    assert 100_000 <= size < site.made["size"]
    assert seconds is not None
    assert seconds > 0


def test_a_server_that_is_stopped_cuts_what_runs_and_notes_it_as_failed(site: Site) -> None:
    with site.reading([Reader(site.paths[0], pace=50_000)] * 3, seconds=30) as reading:
        began = time.monotonic()
        os.kill(site.server.pid, signal.SIGTERM)
        assert wait_until(lambda: not site.server.alive, 20)
        assert time.monotonic() - began < 8
        reading.say("hurry")
        assert {reader.ended for reader in reading.results()} <= {"ConnectionResetError", "short"}
    assert {how for how, *_ in site.database.rows(ENDS)[-3:]} == {"error"}


def test_a_worker_that_is_killed_leaves_what_is_settled_as_not_known(site: Site) -> None:
    with site.reading([Reader(site.paths[0], pace=50_000)] * 3, seconds=30) as reading:
        # The watcher shows life with its first tick.
        count = "SELECT count(*) FROM agreements_deliveryprocess"
        assert wait_until(lambda: site.database.value(count) > 0, 20)
        (worker,) = children_of(site.server.pid)
        kill(worker)
        reading.say("hurry")
        assert {reader.ended for reader in reading.results()} <= {"ConnectionResetError", "short"}
    assert {how for how, *_ in site.database.rows(ENDS)[-3:]} == {None}
    assert site.python(SETTLE) == "3"
    assert {(how, size) for how, size, *_ in site.database.rows(ENDS)[-3:]} == {("unknown", None)}
    assert wait_until(site.is_well, 30, 0.2), "gunicorn starts another worker"


def test_silent_and_endless_senders_hold_no_thread(site: Site) -> None:
    silent = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(300)]
    endless = socket.create_connection(("127.0.0.1", site.port))
    endless.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
    try:
        began = time.monotonic()
        assert site.curl("-o", "/dev/null", "-w", "%{http_code}", "--head", path=site.paths[0]).stdout == "200"
        assert time.monotonic() - began < 4
    finally:
        for connection in [*silent, endless]:
            connection.close()


def test_no_log_holds_a_token(site: Site) -> None:
    site.curl("--request", "BREW", path=site.paths[0])
    ask(site, "Range: bytes=0-9", "Bad header").close()
    assert site.paths[0].split("/")[2] not in Path(site.folder / "delivery.log").read_text()
