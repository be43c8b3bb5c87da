"""The environment file: `NAME=value` lines that set-up writes and settings read. The real environment goes first.

`COUNTERSIGN_ENV_FILE` names it; empty means none. The default is `.env` beside manage.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LOADED: Final[dict[str, Path]] = {}
"""The settings of this process that come from an environment file, and from which."""


def default_path() -> Path:
    """Return where the file is, whether it exists or not."""
    return Path(os.environ.get("COUNTERSIGN_ENV_FILE") or Path(__file__).resolve().parent.parent / ".env")


def read(path: Path) -> dict[str, str]:
    """Return the lines of the file by name, nothing if there is no file. Raises ValueError naming a bad line."""
    found: dict[str, str] = {}
    if not path.is_file():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            raise ValueError(f"{path}, line {number}: a line is written NAME=value")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def load(path: Path | None = None) -> None:
    """Put the lines into the environment; what is set there already stays."""
    if path is None:
        if os.environ.get("COUNTERSIGN_ENV_FILE") == "":
            return
        path = default_path()
    for name, value in read(path).items():
        if not {name, f"{name}_FILE", name.removesuffix("_FILE")} & set(os.environ):
            os.environ[name] = value
            LOADED[name] = path


def append(path: Path, lines: Mapping[str, str]) -> None:
    """Add lines to the file, readable by its owner only."""
    if not lines:
        return
    before = path.read_text(encoding="utf-8") if path.exists() else "# Written by `manage.py setup`. Keep it secret.\n"
    if not before.endswith("\n"):
        before += "\n"
    # Single quotes where a shell or compose would stumble over the value.
    text = "".join(f"{name}={_quoted(value)}\n" for name, value in lines.items())
    write_private(path, before + text)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _quoted(value: str) -> str:
    plain = all(character.isalnum() or character in "_-.,:/@+=%?&" for character in value)
    if plain:
        return value
    quote = '"' if "'" in value else "'"
    return quote + value.replace(quote, "") + quote
