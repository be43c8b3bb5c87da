"""Reads a dump of the Research Organization Registry: schema v2, https://ror.readme.io/docs/ror-data-structure.

The file is a zip as it is published or the JSON out of it, an array of a hundred thousand records and a few hundred
megabytes. It is read record by record, so that memory holds what is kept and not the file. A file that is anything
else is refused as a whole: half a registry would make known institutions unknown.
"""

from __future__ import annotations

import codecs
import datetime as dt
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from agreements.core.errors import Invalid

LARGEST: Final = 2 * 1024**3
"""Bytes of JSON that are read at most; the dumps of 2026 have about 350 MB."""
MOST_RECORDS: Final = 1_000_000
"""The dumps of 2026 have about 120,000."""
LARGEST_RECORD: Final = 4 * 1024**2
"""Characters; the largest of 2026 has about 100,000."""
MOST_NAMES: Final = 60
_CHUNK: Final = 1024**2
_FILE_NAME: Final = re.compile(r"(v\d+(?:\.\d+)+)-(\d{4}-\d{2}-\d{2})")
_ID: Final = re.compile(r"(?:https?://(?:www\.)?ror\.org/)?(0[a-z0-9]{6}[0-9]{2})")
_SPACE: Final = " \t\r\n"
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")

Told = Callable[[int, int], object]
"""Called with the bytes that were read and those in all."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An active record, cut to what is kept. `parents` and `related` are ids of others."""

    registry_id: str
    name: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    country: str
    city: str
    parents: tuple[str, ...]
    related: tuple[str, ...]
    domains: tuple[str, ...]
    websites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What the name of a file tells of a release: `v1.63-2025-04-03-ror-data.zip`."""

    version: str = ""
    released_on: dt.date | None = None


def label_of(path: Path) -> Label:
    """Return what the file's name says, or the name of the JSON inside a zip; empty where neither does."""
    names = [path.name]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names += [member.filename for member in _tables(archive)]
    for name in names:
        if found := _FILE_NAME.search(name):
            try:
                return Label(found[1], dt.date.fromisoformat(found[2]))
            except ValueError:
                return Label(found[1])
    return Label()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of the file as it lies there. Raises OSError; Invalid for what is no dump at first sight."""
    with _opened(path):
        pass
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read(path: Path, told: Told = lambda done, total: None) -> Iterator[Organization | None]:
    """Yield each record of the file; None for one that is not active. Raises Invalid and OSError."""
    try:
        with _opened(path) as (file, size):
            for number, record in enumerate(_records(file, size, told), start=1):
                if number > MOST_RECORDS:
                    raise Invalid(_("%(file)s holds more records than any dump of ROR.") % {"file": path.name})
                yield _organization(record, number)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as problem:
        # RuntimeError: a zip under a password. RecursionError, which is one too: brackets within brackets.
        raise Invalid(_("%(file)s cannot be read: %(why)s") % {"file": path.name, "why": problem}) from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    if not zipfile.is_zipfile(path):
        size = path.stat().st_size
        _check_size(size, path.name)
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                raise Invalid(_("%(file)s is part of a zip: was it downloaded whole?") % {"file": path.name})
            file.seek(0)
            yield file, size
        return
    with zipfile.ZipFile(path) as archive:
        tables = _tables(archive)
        newest = [member for member in tables if "schema_v2" in member.filename] or tables
        if len(newest) != 1:
            words = _("%(file)s holds %(count)s JSON files where one was expected: is this a dump of ROR?")
            raise Invalid(words % {"file": path.name, "count": len(newest)})
        _check_size(newest[0].file_size, newest[0].filename)
        with archive.open(newest[0]) as file:
            yield file, newest[0].file_size


def _tables(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    # "__MACOSX/._v1.json" is what a Mac adds when it packs a folder.
    return [each for each in archive.infolist() if each.filename.endswith(".json") and "__MACOSX" not in each.filename]


def _check_size(size: int, name: str) -> None:
    if size > LARGEST:
        raise Invalid(_("%(file)s is larger than any dump of ROR: at most 2 GiB are read.") % {"file": name})


def _records(file: IO[bytes], size: int, told: Told) -> Iterator[Any]:
    """Yield the items of the array that the file is."""
    parse = json.JSONDecoder().raw_decode
    more = _text(file, size, told)
    text = _filled("", more).lstrip("\ufeff" + _SPACE)
    if not text.startswith("["):
        raise _not_a_dump()
    at, is_first = 1, True
    while True:
        text, at = _at_next(text, at, more)
        if text[at] == "]":
            return
        if not is_first:
            if text[at] != ",":
                raise _not_a_dump()
            text, at = _at_next(text, at + 1, more)
        is_first = False
        while True:
            try:
                item, at = parse(text, at)
                break
            except json.JSONDecodeError:
                # A record goes on in the next piece, or it is no JSON: then it never ends.
                if len(text) - at > LARGEST_RECORD:
                    raise _not_a_dump() from None
                text, at = _filled(text[at:], more), 0
            except ValueError:  # a number of thousands of digits
                raise _not_a_dump() from None
        yield item


def _at_next(text: str, at: int, more: Iterator[str]) -> tuple[str, int]:
    """Return the text and the place in it of the next character that is no space."""
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at < len(text):
            return text, at
        text, at = _filled("", more), 0


def _filled(text: str, more: Iterator[str]) -> str:
    piece = next(more, None)
    if piece is None:
        raise Invalid(
            _("The file ends in the middle of the list of organizations, or is none. Was it downloaded whole?")
        )
    return text + piece


def _text(file: IO[bytes], size: int, told: Told) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    while chunk := file.read(_CHUNK):
        done += len(chunk)
        # What a zip says of a size is its maker's claim.
        _check_size(done, getattr(file, "name", ""))
        told(done, max(size, done))
        try:
            yield decoder.decode(chunk)
        except UnicodeDecodeError:
            raise _not_a_dump() from None


def _not_a_dump() -> Invalid:
    return Invalid(_("This is no dump of ROR in schema v2: a list of organizations in JSON, or the zip that holds it."))


def _organization(record: Any, number: int) -> Organization | None:
    """Return what is kept of a record. Raises Invalid where it has not the shape of schema v2."""
    if isinstance(record, dict) and "names" not in record and "name" in record and "id" in record:
        raise Invalid(_("This file is in schema v1 of ROR. Take the one whose name ends in _schema_v2.json."))
    try:
        found = _ID.fullmatch(record["id"])
        if found is None:
            raise ValueError(record["id"])
        if record["status"] != "active":
            return None
        return _kept(found[1], record)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        words = _("Record %(number)s is not as schema v2 of ROR has it (%(why)s). Nothing was changed.")
        why = f"{type(problem).__name__}: {problem}"[:120]
        raise Invalid(words % {"number": number, "why": _CONTROLS.sub(" ", why)}) from None


def _kept(registry_id: str, record: dict[str, Any]) -> Organization:
    names = [_clean(each["value"], 400) for each in record["names"]]
    shown = [_clean(each["value"], 400) for each in record["names"] if "ror_display" in each["types"]]
    name = (shown or names)[0]
    if not name:
        raise ValueError("no name")
    place = (record.get("locations") or [{}])[0].get("geonames_details") or {}
    links = record.get("links") or []
    relations = [(each["type"], _ID.fullmatch(each["id"])) for each in record.get("relationships") or []]
    return Organization(
        registry_id=registry_id,
        name=name,
        names=tuple(dict.fromkeys(each for each in [name, *names] if each))[:MOST_NAMES],
        types=tuple(_clean(each, 20) for each in record.get("types") or []),
        country=_country(place.get("country_code")),
        city=_clean(place.get("name") or "", 200),
        parents=tuple(found[1] for kind, found in relations if kind == "parent" and found),
        related=tuple(found[1] for kind, found in relations if kind in {"related", "child"} and found),
        domains=tuple(_clean(each, 300) for each in record.get("domains") or []),
        websites=tuple(_clean(each["value"], 2000) for each in links if each.get("type") == "website"),
    )


def _clean(text: str, most: int) -> str:
    return " ".join(_CONTROLS.sub(" ", text).split())[:most].rstrip()


def _country(code: Any) -> str:
    return code if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isupper() else ""
