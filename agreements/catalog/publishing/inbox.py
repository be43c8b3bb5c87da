"""The inbox: a folder of the server from which stewards publish without a shell.

Each dataset has a folder of its own in it, named by its slug; another dataset's stewards are shown nothing of it. What
stands directly in that folder is offered: folders, and files that end in `.zip`. Hidden names, links and names that
cannot be shown are left out. What browsers send lies in a hidden folder beside those of the datasets.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset
from agreements.core.errors import Invalid

COUNTED: Final = 50_000
"""Files that a listing counts in all; folders beyond that are shown without a size."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to publish. `size` in bytes and `files` are None for a folder with too many files to count."""

    name: str
    is_folder: bool
    size: int | None
    files: int | None
    changed: dt.datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """What is offered, the newest first, and how many names were left out. `is_there`: the inbox can be read."""

    entries: tuple[Entry, ...]
    left_out: int
    is_there: bool


def root() -> Path:
    """Return the folder that has all datasets' inboxes; it need not exist."""
    return Path(settings.INBOX)


def place(dataset: Dataset) -> Path:
    """Return a dataset's inbox; it need not exist."""
    return root() / dataset.slug


def prepare_root() -> Path:
    """Return the folder that has all datasets' inboxes, made if it was missing. Raises OSError."""
    root().mkdir(mode=0o750, parents=True, exist_ok=True)
    return root()


def prepare(dataset: Dataset) -> Path:
    """Return a dataset's inbox, made if it was missing. Raises OSError."""
    prepare_root()
    place(dataset).mkdir(mode=0o750, exist_ok=True)
    return place(dataset)


def listing(dataset: Dataset) -> Listing:
    """Return what stands in a dataset's inbox and can be published; the inbox is made if it was missing."""
    try:
        names = sorted(path.name for path in prepare(dataset).iterdir())
    except OSError:
        return Listing((), 0, is_there=False)
    offered, left_out, countable = [], 0, COUNTED
    for name in names:
        entry = _entry(place(dataset), name, countable)
        if entry is not None:
            offered.append(entry)
            countable = max(0, countable - (countable if entry.files is None else entry.files))
        elif not name.startswith("."):
            left_out += 1
    return Listing(tuple(sorted(offered, key=lambda entry: entry.changed, reverse=True)), left_out, is_there=True)


def find(dataset: Dataset, name: str) -> Path:
    """Return the place of what a dataset's inbox offers under a name. Raises Invalid if there is no such thing."""
    if _entry(place(dataset), name, 0) is None:
        raise Invalid(_("There is nothing of this name in the inbox that could be published."), field="inbox")
    return place(dataset) / name


def free() -> int:
    """Return how many bytes the inbox's disk has left. Raises OSError."""
    return shutil.disk_usage(prepare_root()).free


def weigh(folder: Path, *, most: int) -> tuple[int, int] | None:
    """Return number and bytes of the files in a folder, or None if there are more than `most`."""
    files = size = 0
    for where, _folders, names in os.walk(folder):
        files += len(names)
        if files > most:
            return None
        for name in names:
            try:
                size += (Path(where) / name).lstat().st_size
            except OSError:
                continue
    return files, size


def _entry(folder: Path, name: str, countable: int) -> Entry | None:
    if not _is_plain(name):
        return None
    path = folder / name
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    changed = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    if stat.S_ISDIR(status.st_mode):
        files, size = (weigh(path, most=countable) if countable else None) or (None, None)
        return Entry(name, True, size, files, changed)
    if stat.S_ISREG(status.st_mode) and name.lower().endswith(".zip"):
        return Entry(name, False, status.st_size, 1, changed)
    return None


def _is_plain(name: str) -> bool:
    """Tell whether a name stays in its folder, is not hidden, and can be shown on a page."""
    if not name or name.startswith(".") or "/" in name or "\\" in name or len(name) > 255:
        return False
    return name.isprintable()
