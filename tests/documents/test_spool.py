from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agreements.documents.inspection import inspect
from agreements.documents.inspector import frames, spool
from tests.documents import hostile
from tests.documents.papers import issue
from tests.documents.test_inspection import drawing_child_of, once

Service = subprocess.Popen[bytes]


@pytest.fixture
def services() -> Iterator[list[Service]]:
    started: list[Service] = []
    yield started
    for service in started:
        service.kill()
        service.wait()


def start(folder: Path, services: list[Service]) -> Service:
    command = [sys.executable, "-m", "agreements.documents.inspector", "--spool", str(folder)]
    services.append(subprocess.Popen(command, env={"PATH": os.environ["PATH"]}))
    return services[-1]


def has_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def kill_in_the_middle(service: Service) -> None:
    child = drawing_child_of(service.pid)
    service.send_signal(signal.SIGKILL)
    service.wait()
    once(lambda: has_ended(child))  # together with its parent


def ask(folder: Path, data: bytes, *, cpu_seconds: int = 40) -> Path:
    request = folder / "11111111-1111-4111-8111-111111111111.request"
    spool.put(request, frames.request(data, limits=frames.Limits(cpu_seconds=cpu_seconds)))
    return request


def test_a_service_answers_through_a_folder_and_leaves_it_empty(tmp_path: Path, services: list[Service]) -> None:
    start(tmp_path, services)
    report = inspect(issue(), spool_folder=tmp_path)
    assert report.outcome == "ok"
    assert [page.number for page in report.pages] == [1, 2, 3]
    once(lambda: [path.name for path in tmp_path.iterdir()] == [".alive"])


def test_two_files_are_looked_at_side_by_side(tmp_path: Path, services: list[Service]) -> None:
    start(tmp_path, services)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(inspect, hostile.slow_drawing(), spool_folder=tmp_path, limits=frames.Limits(cpu_seconds=3))
        assert inspect(issue(), spool_folder=tmp_path).outcome == "ok"
        assert slow.result().reason_code == "processor"


def test_without_a_service_the_report_says_so_and_the_request_is_taken_back(tmp_path: Path) -> None:
    report = inspect(issue(), spool_folder=tmp_path, wall_seconds=0.2)
    assert (report.outcome, report.reason) == (
        "failed",
        "The inspection service did not answer in time; it may not be running.",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_killed_service_leaves_the_request_and_the_next_one_answers_it(
    tmp_path: Path, services: list[Service]
) -> None:
    request = ask(tmp_path, hostile.slow_drawing(), cpu_seconds=3)
    kill_in_the_middle(start(tmp_path, services))
    assert request.exists()
    start(tmp_path, services)
    once(request.with_suffix(".report").exists)
    assert not request.exists()
    assert b'"signal": 24' in request.with_suffix(".report").read_bytes()  # SIGXCPU: looked at to the end


def test_a_request_that_ended_the_service_twice_is_answered_as_failed(tmp_path: Path, services: list[Service]) -> None:
    request = ask(tmp_path, hostile.slow_drawing())
    kill_in_the_middle(start(tmp_path, services))
    kill_in_the_middle(start(tmp_path, services))
    start(tmp_path, services)
    once(request.with_suffix(".report").exists)
    assert b"killed-the-service" in request.with_suffix(".report").read_bytes()


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"key")
    (tmp_path / "x.report").symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        spool.take(tmp_path / "x.report", most=100)


def test_a_request_in_another_format_is_answered_as_such(tmp_path: Path) -> None:
    request = tmp_path / "x.request"
    request.write_bytes(b"no request at all")
    spool.answer_one(request)
    assert b"bad-request" in request.with_suffix(".report").read_bytes()
    assert not request.exists()
