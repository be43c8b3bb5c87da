"""What the tests publish."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

FILES = {
    "amanda/image/00/0000.jpg": bytes(range(256)) * 5000,
    "amanda/annots.npy": b"cameras",
    "中文/empty.txt": b"",
    "genebody_split.npy": b"split",
}


def zip_of(path: Path, names: Iterable[str] = FILES, *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, FILES.get(name, b"data of " + name.encode()))
    return path
