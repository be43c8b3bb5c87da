"""What is added to gunicorn's worker: nobody holds a thread by sending half a request."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from gunicorn.workers.gthread import ThreadWorker

from portal import delivery_server
from portal.delivery_server import DeliveryWorker


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> DeliveryWorker:
    monkeypatch.setattr(ThreadWorker, "__init__", lambda self: None)
    monkeypatch.setattr(ThreadWorker, "notify", lambda self: None)
    return DeliveryWorker()


def test_headers_that_are_not_there_in_time_end_the_connection(
    worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, its_client = socket.socketpair()
    quick, other_client = socket.socketpair()
    late = time.monotonic() + delivery_server.HEADER_SECONDS + 1

    def handle(_worker: ThreadWorker, conn: object) -> bool:
        if conn is connections[1]:
            delivery_server.pre_request(worker, None)
        monkeypatch.setattr(time, "monotonic", lambda: late)
        worker.notify()
        monkeypatch.undo()
        return True

    class Conn:
        def __init__(self, sock: socket.socket) -> None:
            self.sock = sock

    connections = [Conn(slow), Conn(quick)]
    for connection in connections:
        monkeypatch.setattr(ThreadWorker, "handle", handle)
        monkeypatch.setattr(ThreadWorker, "notify", lambda self: None)
        assert worker.handle(connection)
    assert its_client.recv(1) == b""
    other_client.setblocking(False)
    with pytest.raises(BlockingIOError):
        other_client.recv(1)
    for each in (slow, its_client, quick, other_client):
        each.close()


def test_a_connection_that_ends_is_closed_in_its_own_thread(
    worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_in: list[int] = []

    class Conn:
        sock = None

        def close(self, graceful: bool = False) -> None:
            closed_in.append(threading.get_ident())

    conn = Conn()
    monkeypatch.setattr(ThreadWorker, "handle", lambda _worker, _conn: False)
    assert worker.handle(conn) is False
    conn.close(graceful=True)
    assert closed_in == [threading.get_ident()]


def test_no_log_of_requests_and_no_control_socket() -> None:
    assert delivery_server.accesslog is None
    assert delivery_server.control_socket_disable is True
