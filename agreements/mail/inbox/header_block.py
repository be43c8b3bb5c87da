"""Where a message's header ends and which fields it has: one reading of the bytes, for all who look at them.

Two readers that disagree about what a field is are how mail is forged, so the signature is checked on the very fields
that are shown. Programs differ about lone CR and LF, blanks before the colon, lines without one and NUL: whatever is
written so is read as well as it goes and called irregular, which proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_END: Final = re.compile(rb"\r?\n\r?\n")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_FIELD: Final = re.compile(rb"([!-9;-~]+)([ \t]*):")


@dataclass(frozen=True, slots=True)
class Field:
    """`name` in lower case; `written` and `value` are the bytes before and after the colon, the value with its
    folding and the last line end."""

    name: str
    written: bytes
    value: bytes

    @property
    def text(self) -> bytes:
        """Return the value in one line, without what stands around it."""
        return b" ".join(self.value.split())


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """`irregular`: why different programs could read different fields from it; empty if they cannot."""

    fields: tuple[Field, ...]
    irregular: str

    def all(self, name: str) -> list[Field]:
        """Return the fields of a name (in lower case), from the top."""
        return [one for one in self.fields if one.name == name]


def end_of_header(raw: bytes) -> tuple[int, int]:
    """Return where the header ends (before the line end of its last line) and where the body begins."""
    if raw.startswith((b"\r\n", b"\n")):
        return 0, 2 if raw.startswith(b"\r\n") else 1
    found = _END.search(raw)
    return (found.start(), found.end()) if found else (len(raw), len(raw))


def split(raw: bytes) -> tuple[HeaderBlock, bytes]:
    """Return the header's fields from the top, and the body."""
    end, body = end_of_header(raw)
    return _fields(raw[:end]), raw[body:]


def has_lone_line_ends(raw: bytes) -> bool:
    """Return whether a CR or an LF stands alone anywhere."""
    pairs = raw.count(b"\r\n")
    return raw.count(b"\n") != pairs or raw.count(b"\r") != pairs


def _fields(head: bytes) -> HeaderBlock:
    irregular = ""
    if b"\0" in head:
        irregular = "nul"
    elif has_lone_line_ends(head):
        irregular = "line-ends"
    names: list[tuple[str, bytes]] = []
    values: list[list[bytes]] = []
    for line in _LINE_END.split(head):
        if line[:1] in (b" ", b"\t"):
            if not names or not line.strip():
                irregular = irregular or "folding"
            if names:
                values[-1].append(line)
        elif found := _FIELD.match(line):
            if found[2]:
                irregular = irregular or "blank-before-colon"
            names.append((found[1].decode("ascii").lower(), found[1]))
            values.append([line[found.end() :]])
        elif line or head:
            irregular = irregular or "no-field"
    fields = (
        Field(name, written, b"".join(part + b"\r\n" for part in parts))
        for (name, written), parts in zip(names, values, strict=True)
    )
    return HeaderBlock(tuple(fields), irregular)
