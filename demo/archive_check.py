"""Downloading an archive as a script would, and opening it with tools that are not ours."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pyzipper
from PIL import Image


@dataclass(frozen=True)
class Downloaded:
    """What came, and what was said about it."""

    data: bytes
    headers: dict[str, str]

    @property
    def sha256(self) -> str:
        """Return the digest as hexadecimal text."""
        return hashlib.sha256(self.data).hexdigest()


def fetch(client: httpx.Client, address: str) -> Downloaded:
    """Return the whole file of an address. Raises httpx.HTTPStatusError."""
    answer = client.get(address)
    answer.raise_for_status()
    if len(answer.content) != int(answer.headers["Content-Length"]):
        raise ValueError(f"{len(answer.content)} bytes came of {answer.headers['Content-Length']} announced")
    return Downloaded(answer.content, dict(answer.headers))


def fetch_in_two(client: httpx.Client, address: str, whole: Downloaded) -> Downloaded:
    """Break a download off at two fifths and resume it, as `wget -c` does. Raises ValueError if it is not a resume."""
    first = bytearray()
    stop_at = len(whole.data) * 2 // 5
    with client.stream("GET", address) as broken:
        for piece in broken.iter_bytes():
            first += piece
            if len(first) >= stop_at:
                break
    etag = whole.headers["ETag" if "ETag" in whole.headers else "etag"]
    rest = client.get(address, headers={"Range": f"bytes={len(first)}-", "If-Range": etag})
    if rest.status_code != 206:
        raise ValueError(f"a resumed download was answered with {rest.status_code} instead of 206")
    return Downloaded(bytes(first) + rest.content, dict(rest.headers))


def opens_with(data: bytes, password: str) -> bool:
    """Return whether the first member with content opens with a password (pyzipper)."""
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(password.encode())
        member = next(entry for entry in archive.infolist() if entry.file_size)
        try:
            archive.read(member)
        except RuntimeError:
            return False
        return True


def digests_inside(data: bytes, password: str) -> dict[str, str]:
    """Return the SHA-256 of every file that comes out of the archive, by name. Raises what pyzipper raises."""
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(password.encode())
        files = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
        return {entry.filename: hashlib.sha256(archive.read(entry)).hexdigest() for entry in files}


def digests_of_source(source: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the folder or plain zip that was published, by name."""
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        return {path.relative_to(source).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    with zipfile.ZipFile(source) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}


def open_contents(data: bytes, password: str) -> list[str]:
    """Open a picture with Pillow and each array with numpy; return a line about each. Raises if one does not open."""
    lines = []
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(password.encode())
        names = [entry.filename for entry in archive.infolist()]
        picture = next(name for name in names if name.endswith(".jpg"))
        with Image.open(io.BytesIO(archive.read(picture))) as image:
            image.load()
            lines.append(f"{picture}: {image.format} {image.width} x {image.height}")
        for name in names:
            if name.endswith(".npy"):
                # GeneBody's arrays hold dictionaries, which numpy stores as objects. The content is what we published.
                array = np.load(io.BytesIO(archive.read(name)), allow_pickle=True)
                lines.append(f"{name}: numpy {array.dtype} {array.shape}")
                if len(lines) >= 4:
                    break
    return lines
