"""Reading settings from the environment, the environment file, or files that they name (`NAME_FILE`)."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from portal import environment_file

environment_file.load()

# Rows hold a key's number in 16 bits, signed.
MOST_KEYS: Final = 32_767


def text(name: str, default: str | None = None) -> str:
    """Return NAME, or the content of the file that NAME_FILE names; an empty value means the default.

    Raises ImproperlyConfigured if neither is set and there is no default.
    """
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"set {name}, or {name}_FILE; `manage.py setup` writes both keys and settings")
    return value


def flag(name: str, default: bool) -> bool:
    """Return a yes/no setting."""
    value = text(name, "yes" if default else "no").lower()
    if value not in {"yes", "no", "1", "0", "true", "false"}:
        raise ImproperlyConfigured(f"{name} is yes or no, not {value!r}")
    return value in {"yes", "1", "true"}


def number(name: str, default: int) -> int:
    """Return a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is a whole number, not {value!r}") from None


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def source_of(name: str) -> tuple[str, str]:
    """Return where a setting comes from: ("file", path), ("line", path of the environment file) or ("environment", "").

    "file" is the one that NAME_FILE names; "line" is a line of the environment file.
    """
    if path := os.environ.get(f"{name}_FILE"):
        return "file", path
    if (path_loaded := environment_file.LOADED.get(name)) is not None:
        return "line", str(path_loaded)
    return "environment", ""


def master_keys(name: str = "COUNTERSIGN_MASTER_KEYS") -> dict[int, bytes]:
    """Return the numbered keys, written one per line or comma-separated as `1:BASE64` (32 bytes each)."""
    keys: dict[int, bytes] = {}
    for item in text(name).replace("\n", ",").split(","):
        if not item.strip():
            continue
        number_text, _, encoded = item.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
            key_number = int(number_text)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: each key is written NUMBER:BASE64") from None
        if len(key) != 32:
            raise ImproperlyConfigured(f"{name}: key {key_number} has {len(key)} bytes instead of 32")
        if key_number in keys or not 0 < key_number <= MOST_KEYS:
            raise ImproperlyConfigured(f"{name}: keys are numbered 1, 2, 3, ..., each once; {key_number} is not right")
        keys[key_number] = key
    if not keys:
        raise ImproperlyConfigured(f"{name} holds no key")
    return keys
