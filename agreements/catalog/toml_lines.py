"""On which line of a TOML file a table or a key stands. tomllib checks the syntax but keeps no positions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_TABLE: Final = re.compile(r"\s*\[\s*([\w.\-\"' ]+?)\s*\]\s*(#.*)?$")
_TABLES: Final = re.compile(r"\s*\[\[\s*([\w.\-\"' ]+?)\s*\]\]\s*(#.*)?$")
_KEY: Final = re.compile(r"\s*([\w\-]+|\"[^\"]*\"|'[^']*')\s*=\s*(.*)$")

Place = tuple[str, int]
"""A table: its name and, for `[[name]]`, which one it is, from 0. The file itself is ("", 0)."""

TOP: Final[Place] = ("", 0)


@dataclass(slots=True)
class Lines:
    """Line numbers, from 1, of tables and of the keys in them."""

    tables: dict[Place, int] = field(default_factory=lambda: {TOP: 1})
    keys: dict[tuple[Place, str], int] = field(default_factory=dict)

    def of_table(self, place: Place) -> int | None:
        return self.tables.get(place)

    def of_key(self, place: Place, key: str) -> int | None:
        """Return the key's line, or else its table's."""
        return self.keys.get((place, key), self.tables.get(place))


def find_lines(text: str) -> Lines:
    """Return where everything stands in a file that tomllib has accepted."""
    lines = Lines()
    counts: dict[str, int] = {}
    place = TOP
    fence: str | None = None
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if fence is not None:
            if fence in line:
                fence = None
            continue
        if depth > 0:
            depth += _opened(line)
            continue
        if (found := _TABLES.match(line)) is not None:
            name = found[1]
            place = (name, counts.get(name, 0))
            counts[name] = place[1] + 1
            lines.tables[place] = number
        elif (found := _TABLE.match(line)) is not None:
            place = (found[1], 0)
            lines.tables[place] = number
        elif (found := _KEY.match(line)) is not None:
            lines.keys[place, found[1].strip("\"'")] = number
            fence = _open_fence(found[2])
            depth = _opened(found[2]) if fence is None else 0
    return lines


def _open_fence(value: str) -> str | None:
    """Return the quotes of a text over several lines that begins here and does not end here."""
    for fence in ('"""', "'''"):
        if value.startswith(fence) and fence not in value[3:]:
            return fence
    return None


def _opened(value: str) -> int:
    """Return how many brackets of a list or an inline table stay open on this line; quoted ones do not count."""
    bare = re.sub(r"\"(\\.|[^\"\\])*\"|'[^']*'|#.*", "", value)
    return sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}")
