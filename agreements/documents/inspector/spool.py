"""A folder as the only way in and out of the inspector, so that it can run without a network.

`<id>.request` (a request, moved into place whole) is answered by `<id>.report` (the frames of the answer). A service
that dies leaves the request, and the next one takes it up; a request that was taken up twice and never answered is
answered `stop`: it may be what killed the service.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Event
from time import time
from typing import Final

from agreements.documents.inspector import frames
from agreements.documents.inspector.child import Answer, run

REQUEST: Final = ".request"
REPORT: Final = ".report"
_TRIES: Final = ".tries"
_ALIVE: Final = ".alive"
MOST_TRIES: Final = 2
WALL_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1
_KEEP_SECONDS: Final = 3600
_MODE: Final = 0o660
_PARALLEL: Final = 2


def watch(folder: Path, *, stop: Event | None = None) -> None:
    """Answer the requests of a folder until `stop` is set, or for good. Touches `.alive` for a health check."""
    stop = stop or Event()
    os.umask(0o007)
    under_way: set[str] = set()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        while not stop.is_set():
            (folder / _ALIVE).touch()
            for request in waiting(folder):
                if request.name not in under_way:
                    under_way.add(request.name)
                    pool.submit(_answer_and_release, request, under_way)
            _tidy(folder)
            stop.wait(_PAUSE_SECONDS)


def _answer_and_release(request: Path, under_way: set[str]) -> None:
    try:
        answer_one(request)
    finally:
        under_way.discard(request.name)


def waiting(folder: Path) -> list[Path]:
    """Return the unanswered requests of a folder, by name."""
    return sorted(folder.glob(f"*{REQUEST}"))


def answer_one(request: Path, *, wall_seconds: float = WALL_SECONDS) -> None:
    """Answer one request, unless another process has it in hand."""
    tries_file = request.with_suffix(_TRIES)
    with _claim(tries_file) as descriptor:
        if descriptor is None or not request.exists():
            return
        tries = int(os.pread(descriptor, 8, 0) or b"0")
        if tries >= MOST_TRIES:
            answer = Answer(_stop("killed-the-service"), "exited")
        else:
            os.pwrite(descriptor, str(tries + 1).encode(), 0)
            os.fsync(descriptor)
            answer = _inspect(request, wall_seconds)
        ends = json.dumps({"ended": answer.ended, "signal": answer.signal_number}).encode()
        put(request.with_suffix(REPORT), answer.body, last=_frame(frames.ENDS, ends))
        request.unlink(missing_ok=True)
        tries_file.unlink(missing_ok=True)


def put(path: Path, body: bytes, *, last: bytes = b"") -> None:
    """Write a file so that it is either absent or whole."""
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.unlink(missing_ok=True)  # of a process that was killed here
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _MODE)
    with os.fdopen(descriptor, "wb") as out:
        out.write(body)
        out.write(last)
        out.flush()
        os.fsync(descriptor)
    unfinished.rename(path)


def take(path: Path, *, most: int) -> bytes:
    """Return a file's bytes, never through a link. Raises OSError, or ValueError if not plain or too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as source:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > most:
            raise ValueError("not a plain file, or too large")
        return source.read(most)


def _inspect(request: Path, wall_seconds: float) -> Answer:
    try:
        asked = take(request, most=frames.MAX_REQUEST + frames.MAX_HEADER)
        stream = BytesIO(asked)
        frames.read_parts(stream, frames.read_header(stream))
        if stream.read(1):
            raise frames.BadRequest("too long")
    except (OSError, ValueError):
        return Answer(_stop("bad-request"), "exited")
    return run(asked, wall_seconds=wall_seconds)


@contextlib.contextmanager
def _claim(path: Path) -> Iterator[int | None]:
    """Hold a lock that ends with this process, or yield None if another holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)


def _stop(code: str) -> bytes:
    return _frame(frames.STOP, json.dumps({"code": code, "values": {}}).encode())


def _frame(kind: bytes, body: bytes) -> bytes:
    out = BytesIO()
    frames.write(out, kind, body)
    return out.getvalue()


def _tidy(folder: Path) -> None:
    """Remove what nobody fetched: answers whose asker is gone, and leftovers of a process that was killed."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.suffix in {REPORT, _TRIES, ".tmp"} and path.lstat().st_mtime < time() - _KEEP_SECONDS:
                path.unlink()
