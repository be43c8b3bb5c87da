"""What a program that took over the inspector can do: nothing of what is tried here; and what each wall does alone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreements.documents.inspector import child, landlock, seccomp

# A hostile program: shuts itself in as the inspector does, then tries everything and says what succeeded.
HOSTILE = """
import _thread, encodings.idna, json, os, socket, sys
from pathlib import Path
from agreements.documents.inspector import confine, one_file
secret, parent, target, listening, without, threads = sys.argv[1:]
for name in filter(None, without.split(",")):
    setattr(confine, name, lambda *_: False)
confine.limit(memory=512 * 1024 * 1024, cpu_seconds=20)
one_file.load()
confine.cut_off(sys.stdout.buffer, threads=bool(threads))

def connect():
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(listening)

def start():
    try:
        os.execv("/nowhere", ["nowhere"])
    except FileNotFoundError:
        pass  # it was looked for

def fork():
    if os.fork() == 0:
        os._exit(0)

def spawn():
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

def thread():
    try:
        _thread.start_new_thread(lambda: None, ())
    except RuntimeError as error:
        raise OSError from error

attempts = {
    "read a file of the same user": lambda: Path(secret).read_bytes(),
    "read the parent's environment": lambda: Path(f"/proc/{parent}/environ").read_bytes()[0],
    "read its own project": lambda: Path("manage.py").read_bytes(),
    "list a folder": lambda: os.listdir(os.path.dirname(secret)),
    "write a file": lambda: Path(target).write_bytes(b"x"),
    "remove a file": lambda: os.unlink(secret + ".2"),
    "connect to a socket": connect,
    "connect to the network": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    "signal the parent": lambda: os.kill(int(parent), 0),
    "start a program": start,
    "start a process": fork,
    "start a process by another call": spawn,
    "start a thread": thread,
}
done = []
for name, attempt in attempts.items():
    try:
        attempt()
    except (OSError, IndexError):
        continue
    done.append(name)
print(json.dumps(done))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter: only the modes of the files in it protect them."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="cs-") as name:
        made = Path(name)
        made.chmod(0o777)
        yield made


def succeeded(folder: Path, *, without: str = "", threads: bool = False) -> list[str]:
    """Run the hostile program, some of its walls left out, and return what it could do."""
    secret = folder / "secret"
    for path in (secret, folder / "secret.2"):
        path.write_text("a key")
        path.chmod(0o600)
    (folder / "broker.sock").unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "broker.sock"))
        (folder / "broker.sock").chmod(0o777)
        listening.listen()
        places = [str(secret), str(os.getpid()), str(folder / "written"), str(folder / "broker.sock"), without]
        places.append("yes" if threads else "")
        ran = subprocess.run(
            [sys.executable, "-s", "-E", "-B", "-c", HOSTILE, *places],
            cwd=child.ROOT, env=child._ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    done: list[str] = json.loads(ran.stdout)
    return done


def test_nothing_a_hostile_program_tries_succeeds(folder: Path) -> None:
    assert succeeded(folder) == []
    assert not (folder / "written").exists()


def test_where_a_decoder_needs_a_thread_nothing_but_a_thread_can_be_started(folder: Path) -> None:
    assert succeeded(folder, threads=True) == ["start a thread"]
    starts = {"start a process", "start a process by another call", "start a thread"}
    assert not starts & set(succeeded(folder, threads=True, without="refuse_calls"))


def test_files_stay_shut_for_the_same_user_by_landlock_alone(folder: Path) -> None:
    """Also for root, who ignores the modes of files."""
    done = succeeded(folder, without="_become_nobody,refuse_calls")
    files = {"read a file of the same user", "read the parent's environment", "read its own project", "list a folder"}
    if landlock.version():
        assert not files & set(done)
        assert "remove a file" not in done
    else:  # said in docs/limitations.md
        assert "read a file of the same user" in done


def test_sockets_stay_shut_by_the_filter_of_calls_alone(folder: Path) -> None:
    """Landlock does not cover connecting by a path; without the filter a socket of the same user can be reached."""
    walls = "_become_nobody,allow_only_reading"
    assert "connect to a socket" in succeeded(folder, without=f"{walls},refuse_calls")
    done = succeeded(folder, without=walls)
    assert not {"connect to a socket", "connect to the network", "signal the parent", "start a program"} & set(done)


def test_the_command_line_names_no_process_of_the_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    real = subprocess.Popen

    def note(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        started.append(command)
        return real(command, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", note)
    from agreements.documents.inspector import frames

    child.run(frames.request(b"", limits=frames.Limits()), wall_seconds=20)
    assert str(os.getpid()) not in started[0]


def test_a_machine_whose_calls_are_not_known_is_left_without_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert seccomp.refuse_calls() is False


def test_a_kernel_without_landlock_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "_call", lambda *_: -1)
    assert landlock.version() == 0
    assert landlock.allow_only_reading([Path("/usr/lib")]) is False


def test_a_process_that_hides_itself_cannot_be_read_by_its_own_user() -> None:
    """What the worker does when it starts; checked by whom /proc says the environment belongs to."""
    program = (
        "import ctypes, os, sys\n"
        "from portal.privacy import hide_from_same_user\n"
        "hide_from_same_user()\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=child.ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "0"
