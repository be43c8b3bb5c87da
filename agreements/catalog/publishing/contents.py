"""What a source holds, looked at before it is published: names and sizes only, nothing of the files is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from agreements.catalog.publishing import inbox
from agreements.catalog.publishing.sources import SourceMember, digest_of, opened
from agreements.core.errors import Invalid
from agreements.sealing import DEFLATED, BadMemberName
from agreements.sealing.names import check_name, check_names

MOST_FILES: Final = 200_000
"""Files of a folder beyond which nothing is looked at."""
LARGEST_DIRECTORY: Final = 16 * 1024 * 1024
"""Bytes of a zip's central directory beyond which it is not read: about 200,000 members."""

TOLD: Final = 10
"""Bad names that are told at once."""

# The end records (APPNOTE 4.3.14 to 4.3.16): signatures and lengths without their comments.
_END, _END_LENGTH = b"PK\x05\x06", 22
_END64, _END64_LENGTH = b"PK\x06\x06", 56
_LOCATOR, _LOCATOR_LENGTH = b"PK\x06\x07", 20
_LONGEST_COMMENT: Final = 65_535
_IN_ZIP64: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Row:
    """One member. Sizes in bytes, plain and as it is kept; `is_deflated` if its owner deflated it."""

    name: str
    plain_size: int
    packed_size: int
    is_deflated: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What would be published. `troubles` say in words why it would be refused, naming up to ten members; `rows` is
    then what could be read. Without rows and troubles, `unseen` says why nothing was looked at. `digest` is that of
    `sources.digest_of`, "" where nothing was looked at.
    """

    rows: tuple[Row, ...] = ()
    troubles: tuple[str, ...] = ()
    unseen: str = ""
    digest: str = ""

    @property
    def trouble(self) -> str:
        return "\n".join(self.troubles)

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def plain_size(self) -> int:
        return sum(row.plain_size for row in self.rows)

    @property
    def packed_size(self) -> int:
        return sum(row.packed_size for row in self.rows)

    @property
    def deflated(self) -> int:
        return sum(row.is_deflated for row in self.rows)

    @property
    def stored(self) -> int:
        return self.count - self.deflated

    def named(self, words: str) -> tuple[Row, ...]:
        """Return the rows whose names hold each of the words, whatever their case."""
        wanted = words.casefold().split()
        return tuple(row for row in self.rows if all(word in row.name.casefold() for word in wanted))


def look(path: Path, *, called: str) -> Contents:
    """Return what a folder or zip holds. `called` is what people call it; it stands for its path in what is said."""
    if (unseen := _too_much(path)) is not None:
        return Contents(unseen=unseen)
    try:
        with opened(path) as members:
            rows, digest = tuple(map(_row, members)), digest_of(members)
    except Invalid as refused:
        return Contents(troubles=(str(refused).replace(str(path), called),))
    except OSError as error:
        text = _("%(name)s cannot be read: %(why)s.") % {"name": called, "why": error.strerror}
        return Contents(troubles=(text,))
    return Contents(rows, troubles=_bad_names(rows), digest=digest)


def _bad_names(rows: tuple[Row, ...]) -> tuple[str, ...]:
    """Return what is wrong with the first names, or with the first that clashes with another."""
    told = []
    for row in rows:
        try:
            check_name(row.name)
        except BadMemberName as refused:
            told.append(str(refused))
            if len(told) == TOLD:
                break
    if not told:
        try:
            check_names(row.name for row in rows)
        except BadMemberName as refused:
            told.append(str(refused))
    return tuple(told)


def _row(member: SourceMember) -> Row:
    return Row(member.name, member.plain_size, member.packed_size, member.method == DEFLATED)


def _too_much(path: Path) -> str | None:
    if path.is_dir():
        if inbox.weigh(path, most=MOST_FILES) is None:
            text = _("The folder has more than %(most)d files, too many to show. Publishing checks every name.")
            return text % {"most": MOST_FILES}
        return None
    if directory_size(path) > LARGEST_DIRECTORY:
        return _("The zip has too many members to show. Publishing checks every name.")
    return None


def directory_size(path: Path) -> int:
    """Return the bytes that a zip says its central directory has, 0 if it says nothing.

    A zip can be made to say it more than once, and readers differ in what they believe: the largest one counts.
    """
    try:
        with path.open("rb") as file:
            whole = file.seek(0, os.SEEK_END)
            start = max(0, whole - _END_LENGTH - _LONGEST_COMMENT - _LOCATOR_LENGTH)
            file.seek(start)
            tail = file.read()
            # Readers try the end without a comment first, then look for the last signature.
            ends = {len(tail) - _END_LENGTH, tail.rfind(_END)}
            return max(
                (_claimed(file, tail, start, end) for end in ends if tail[max(0, end) :].startswith(_END)), default=0
            )
    except (OSError, OverflowError):
        return 0


def _claimed(file: IO[bytes], tail: bytes, start: int, end: int) -> int:
    """Return the largest size said by an end record at `end` of the tail, and by its ZIP64 record wherever that is."""
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    locator = tail[max(0, end - _LOCATOR_LENGTH) : end]
    if not locator.startswith(_LOCATOR):
        # The mark of a record that is not there: no reader takes more than there is.
        return size if size != _IN_ZIP64 else start + end
    # Where the locator points, or right before the locator: Python 3.11 reads only the latter.
    found = []
    for at in (int.from_bytes(locator[8:16], "little"), start + end - _LOCATOR_LENGTH - _END64_LENGTH):
        file.seek(max(0, at))
        record = file.read(_END64_LENGTH)
        if record.startswith(_END64):
            found.append(int.from_bytes(record[40:48], "little"))
    return max(found) if found and size == _IN_ZIP64 else max([size, *found])
