"""The connection under a download: a cut breaks it, also while the server waits to send, and never a later answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agreements.grants.downloads import redeeming, streaming
from agreements.grants.downloads.connection import Connection
from agreements.grants.downloads.streaming import Cut, Stream
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.links import tokens
from agreements.grants.models import DownloadClosed, DownloadEnd
from tests.grants.conftest import Seconds
from tests.grants.scene import Scene
from tests.grants.test_states import revoke

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The server's end and the client's end of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=20)
        server, _ = listener.accept()
    with client, server:
        yield server, client


def begin(scene: Scene, server: socket.socket) -> Stream:
    ticket = redeeming.redeem(tokens.token(scene.link), name="train40.zip", start=0, stop=scene.sealed.sealed_size)
    return streaming.stream(ticket, Connection(server))


def is_reset(client: socket.socket) -> bool:
    with suppress(ConnectionResetError):
        while client.recv(65536):
            pass
        return False
    return True


def is_over(client: socket.socket) -> bool:
    """Who has taken all that was sent sees the end before the reset; without the promised length, it is an error."""
    with suppress(ConnectionResetError):
        return client.recv(1) == b""
    return True


def test_a_server_that_waits_to_send_wakes_and_the_client_gets_a_reset(
    scene: Scene, watching: Watcher, pair: Pair
) -> None:
    server, client = pair
    stream = begin(scene, server)
    next(stream)
    woken = threading.Event()

    def send() -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            server.sendall(bytes(64 << 20))
        server.close()
        woken.set()

    threading.Thread(target=send, daemon=True).start()
    assert not woken.wait(0.2), "the client reads nothing, so the server has to wait"
    revoke(scene, by=scene.dan.actor)
    watching.tick()
    assert woken.wait(20)
    assert is_reset(client)
    stream.close()
    assert DownloadClosed.objects.get().how == DownloadEnd.REVOKED


def test_a_cut_found_at_the_next_piece_breaks_the_connection_too(
    scene: Scene, watching: Watcher, seconds: Seconds, pair: Pair
) -> None:
    server, client = pair
    stream = begin(scene, server)
    next(stream)
    seconds.now += 11
    with pytest.raises(Cut):
        next(stream)
    server.close()
    assert is_over(client)
    assert DownloadClosed.objects.get().how == DownloadEnd.NO_DATABASE


def test_what_is_over_is_not_reset_since_the_next_answer_may_be_on_its_connection(
    scene: Scene, watching: Watcher, pair: Pair
) -> None:
    server, client = pair
    stream = begin(scene, server)
    list(stream)
    stream.close()
    revoke(scene, by=scene.dan.actor)
    watching.tick()
    server.sendall(b"the next answer")
    assert client.recv(100) == b"the next answer"


def test_a_process_that_ends_cuts_what_runs_and_what_still_begins(scene: Scene, watching: Watcher, pair: Pair) -> None:
    server, client = pair
    first = begin(scene, server)
    next(first)
    watching.stop()
    late = begin(scene, server)
    for stream in (first, late):
        with pytest.raises(Cut):
            next(stream)
    server.close()
    assert is_over(client)
    assert set(DownloadClosed.objects.values_list("how", flat=True)) == {DownloadEnd.ERROR}


def test_little_may_wait_unsent(scene: Scene, watching: Watcher, pair: Pair) -> None:
    server, _ = pair
    stream = begin(scene, server)
    next(stream)
    if (option := getattr(socket, "TCP_NOTSENT_LOWAT", None)) is not None:
        assert server.getsockopt(socket.IPPROTO_TCP, option) == 128 * 1024
    stream.close()


def test_without_a_socket_or_with_a_closed_one_nothing_is_done(pair: Pair) -> None:
    closed, _ = pair
    closed.close()
    for handle in (None, "gunicorn.socket", closed):
        connection = Connection(handle)
        connection.prepare()
        connection.reset()
