from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from agreements.documents import inspection
from agreements.documents.inspection import inspect, looks_like_pdf
from agreements.documents.inspector import child, frames
from agreements.documents.inspector.child import Answer
from tests.documents import hostile
from tests.documents.papers import issue

QUICK = frames.Limits(cpu_seconds=2)


def children_of(parent: int) -> list[int]:
    """The inspectors that a process has started, from /proc."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_child(entry, parent)]


def drawing_child_of(parent: int) -> int:
    """Wait until an inspector is in the middle of its file, well past starting and loading; return its number."""
    once(lambda: [c for c in children_of(parent) if _processor_seconds(c) > 0.8])
    return children_of(parent)[0]


def _processor_seconds(process: int) -> float:
    try:
        user_ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11]
        return int(user_ticks) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def _is_child(entry: Path, parent: int) -> bool:
    try:
        started_by = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        return started_by == parent and b"agreements.documents.inspector" in (entry / "cmdline").read_bytes()
    except (OSError, ValueError):
        return False  # it ended while we looked


def once(condition: Callable[[], object], *, seconds: float = 20) -> None:
    """Return when something has become true; fail if it does not within the time."""
    deadline = monotonic() + seconds
    pause = Event()
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


def test_a_good_file_gives_pages_as_pictures_and_codes() -> None:
    report = inspect(issue())
    assert (report.outcome, report.reason, report.flags) == ("ok", "", ())
    assert [page.number for page in report.pages] == [1, 2, 3]
    for page in report.pages:
        assert page.png.startswith(b"\x89PNG")
        assert page.codes[0].startswith("CS1:GB-A-7K2F9M:1.0:2:")
        assert 900 < page.width < 920


@pytest.mark.parametrize("user", ["", "secret"])
def test_an_encrypted_file_is_refused_in_words(user: str) -> None:
    report = inspect(hostile.encrypted(user=user))
    assert (report.outcome, report.reason) == ("refused", "The PDF is encrypted; save it without a password.")


@pytest.mark.parametrize(
    ("make", "flag"),
    [
        (hostile.with_javascript, "javascript"),
        (hostile.with_javascript_name_disguised, "javascript"),
        (hostile.with_launch, "launch"),
        (hostile.with_submit_form, "submit-form"),
        (hostile.with_embedded_file, "embedded-file"),
        (hostile.with_xfa, "xfa"),
    ],
)
def test_what_an_agreement_has_no_use_for_is_flagged(make: Callable[[], bytes], flag: str) -> None:
    report = inspect(make())
    assert report.outcome == "ok"
    assert flag in report.flags


def test_ten_thousand_pages_are_refused_with_the_number() -> None:
    report = inspect(hostile.saved(hostile.plain(10_000)))
    assert (report.outcome, report.reason) == ("refused", "The PDF has 10000 pages; between 1 and 40 are accepted.")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"Dear Carol, here is my agreement.", "The file is not a PDF."),
        (lambda: b"", "The file is not a PDF."),
        (lambda: b"<html>" + issue(), "Something stands before the beginning of the PDF; save it as PDF again."),
        (lambda: issue()[: len(issue()) // 2], "The PDF is damaged and could not be opened; scan or export it again."),
        (lambda: b"%PDF-1.7\nnothing", "The PDF is damaged and could not be opened; scan or export it again."),
        (
            lambda: b"%PDF-" + bytes(inspection.MAX_UPLOAD),
            "The file is larger than 25 MiB; scan it at a lower resolution.",
        ),
    ],
)
def test_what_is_no_whole_pdf_is_refused_in_words(make: Callable[[], bytes], reason: str) -> None:
    report = inspect(make())
    assert (report.outcome, report.reason, report.pages) == ("refused", reason, ())


def test_bytes_after_the_end_are_flagged_and_white_space_is_not() -> None:
    assert inspect(issue() + b"PK\x03\x04").flags == ("trailing-bytes",)
    assert inspect(issue() + b"\r\n\0").flags == ()


def test_a_page_that_unpacks_to_more_than_the_memory_fails_with_the_reason() -> None:
    report = inspect(hostile.content_bomb())
    assert report.outcome == "failed"
    assert report.reason_code in {"memory", "signal"}  # the renderer aborts where Python would raise


def test_a_page_that_draws_for_ever_ends_at_the_processor_limit() -> None:
    report = inspect(hostile.slow_drawing(), limits=QUICK)
    assert report.outcome == "failed"
    assert report.reason == "The check was ended: reading the file took more processor time than is allowed."


def test_the_wall_clock_ends_it_too_and_leaves_no_process() -> None:
    report = inspect(hostile.slow_drawing(), wall_seconds=1)
    assert report.reason == "The check was ended: reading the file took too long."
    assert children_of(os.getpid()) == []


def test_a_child_killed_in_the_middle_is_a_failure_with_the_signal() -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(inspect, hostile.slow_drawing())
        os.kill(drawing_child_of(os.getpid()), 9)
        report = asked.result(timeout=20)
    assert (report.outcome, report.reason_code) == ("failed", "signal")
    assert report.reason == "The check was ended by signal 9 while it read the file."


def test_the_inspector_imports_nothing_of_the_portal() -> None:
    program = (
        "import sys\n"
        "from agreements.documents.inspector import child, fields, one_file, pages, spool, structure, __main__\n"
        "ours = [m for m in sys.modules if m.startswith('agreements') and 'inspector' not in m]\n"
        "print(sorted(ours), 'django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['agreements', 'agreements.documents'] False"


def test_the_child_gets_neither_environment_nor_open_files_of_the_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEYS", "1:c2VjcmV0")
    program = "import os; print(sorted(os.environ), [d for d in range(3, 256) if os.path.exists(f'/proc/self/fd/{d}')])"
    monkeypatch.setattr(child, "_COMMAND", ("-s", "-E", "-c", program))
    with open(__file__, "rb") as held:  # noqa: PTH123 - its descriptor is what matters
        os.set_inheritable(held.fileno(), True)
        answer = child.run(frames.request(b"", limits=QUICK), wall_seconds=20)
    names = ["LANG", "LC_CTYPE", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH"]
    assert answer.body.decode().replace("'LC_CTYPE', ", "") == f"{[n for n in names if n != 'LC_CTYPE']} []\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"rubbish",
        b"page\0\0\0\2{}" + b"png \0\0\0\0" + b"done\0\0\0\0",
        b"png \0\0\0\1x" + b"done\0\0\0\0",
        b"stop\0\0\0\4null",
        b"stop\0\0\0\x1f" + b'{"code": "<script>","values":{}}'[:31],
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure_not_a_crash(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "run", lambda *_args, **_more: Answer(body, "exited"))
    report = inspect(issue())
    assert (report.outcome, report.reason) == ("failed", "The answer of the inspection did not make sense.")


def test_the_quick_look_reads_the_first_bytes_only() -> None:
    assert looks_like_pdf(b"%PDF-1.4")
    assert not looks_like_pdf(b"\n%PDF-1.4")
