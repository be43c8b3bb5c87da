"""Adding a master key where the keys are kept: in a file of their own, or in a line of the environment file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

SETTING: Final = "COUNTERSIGN_MASTER_KEYS"
_LINE: Final = re.compile(rf"(?m)^(?P<before>[ \t]*(?:export[ \t]+)?{SETTING}[ \t]*=[ \t]*)(?P<value>.*?)[ \t]*$")


class CannotWrite(Exception):
    """The keys are kept where this process cannot write; the text says why."""


def add(source: tuple[str, str], item: str) -> Path:
    """Add `NUMBER:BASE64` where `settings.MASTER_KEYS_SOURCE` says; return the file that was changed.

    The file is replaced as a whole or not at all, and keeps its owner and its mode. Raises CannotWrite.
    """
    kind, name = source
    if kind == "environment":
        raise CannotWrite("the keys come from the environment of this process")
    try:
        path = Path(name).resolve(strict=True)
        before = path.read_text(encoding="utf-8")
        _replace(path, before, _in_file(before, item) if kind == "file" else _in_line(path, before, item))
    except OSError as problem:
        raise CannotWrite(f"{name} cannot be written: {problem.strerror or type(problem).__name__}") from None
    return path


def _in_file(before: str, item: str) -> str:
    return f"{before.rstrip()}\n{item}\n"


def _in_line(path: Path, before: str, item: str) -> str:
    lines = list(_LINE.finditer(before))
    if not lines:
        raise CannotWrite(f"{path} has no line {SETTING}=")
    # Of several lines the last one counts.
    value = lines[-1]["value"]
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    longer = f"{value[:-1]},{item}{value[-1]}" if quoted else f"{value},{item}"
    start, end = lines[-1].span("value")
    return before[:start] + longer + before[end:]


def _replace(path: Path, before: str, text: str) -> None:
    """Write a draft beside the file, make it like the file, and put it in its place."""
    was = path.stat()
    draft = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise CannotWrite(
            f"{draft} is there: another run is at work, or one was interrupted. Delete it then."
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            mine = os.fstat(descriptor)
            if (mine.st_uid, mine.st_gid) != (was.st_uid, was.st_gid):
                os.fchown(descriptor, was.st_uid, was.st_gid)
            file.write(text)
            file.flush()
            os.fchmod(descriptor, was.st_mode & 0o777)
            os.fsync(descriptor)
        if path.read_text(encoding="utf-8") != before:
            raise CannotWrite(f"{path} was changed by somebody else meanwhile. Run it again.")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
