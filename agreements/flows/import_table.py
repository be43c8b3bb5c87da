"""The table of earlier recipients as its file holds it: CSV in UTF-8, one person a row (docs/importing.md).

Nothing here looks at the database. Every problem is kept with its line and column, so that all are mended at once.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

MOST_BYTES: Final = 20 * 2**20
MOST_ROWS: Final = 20_000
_LONG: Final = 200

# Column -> the most characters; what the model or the record holds. Those in REQUIRED must be filled in.
COLUMNS: Final[dict[str, int]] = {
    "name": 120,
    "email": 254,
    "organization": _LONG,
    "position": 120,
    "address_line1": _LONG,
    "address_line2": _LONG,
    "city": 120,
    "country": 60,
    "department": _LONG,
    "site_city": 120,
    "site_country": 60,
    "terms": 20,
    "signed_on": 10,
    "subsets": 500,
    "file": 500,
    "note": 1000,
}
REQUIRED: Final = frozenset(
    {"name", "email", "organization", "department", "site_city", "site_country", "terms", "signed_on", "file"}
)
# In some scripts a name cannot be written without these two; other marks that do not show could reorder a line.
_JOINERS: Final = frozenset("\u200c\u200d")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FORMULA: Final = re.compile(r"[=+\-@]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a line of the file, from 1; `column` is empty where it is the whole line."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        place = _("line %(line)d") % {"line": self.line}
        return f"{place}, {self.column}: {self.text}" if self.column else f"{place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Row:
    """One person: `cells` has every column, without surrounding space; a column that the file lacks is empty."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class Table:
    """`rows` are those without a problem, `wrong` the others: each with the columns that have one."""

    rows: list[Row] = field(default_factory=list)
    wrong: list[tuple[Row, frozenset[str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0


def read(path: Path) -> Table:
    """Return what a file holds; what is wrong with it is in `problems`. Raises OSError."""
    table = Table()
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        limit = MOST_BYTES // 2**20
        table.problems.append(Problem(1, "", _("the file is larger than %(limit)d MiB.") % {"limit": limit}))
        return table
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        table.problems.append(Problem(line, "", _("the file is not UTF-8 text; save it as CSV UTF-8.")))
        return table
    with _wide_fields():
        _read_rows(table, text)
    return table


def _read_rows(table: Table, text: str) -> None:
    lines = text.splitlines(keepends=True)
    first = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    try:
        columns = _header(table, next(reader, []))
        if table.problems:
            return
        start = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _read_row(table, columns, start, cells)
            start = reader.line_num + 1
            if table.lines > MOST_ROWS:
                words = _("the file has more than %(most)d rows; split it.") % {"most": MOST_ROWS}
                table.problems.append(Problem(start, "", words))
                return
    except csv.Error as error:
        words = _("this cannot be read as CSV (%(error)s); what follows was not looked at.") % {"error": error}
        table.problems.append(Problem(max(reader.line_num, 1), "", words))


def _header(table: Table, cells: list[str]) -> list[str]:
    columns = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]

    def refuse(column: str, text: str) -> None:
        table.problems.append(Problem(1, column[:40], text))

    if not any(columns):
        refuse("", _("the file has no header row."))
        return columns
    for column in dict.fromkeys(columns):
        if column not in COLUMNS:
            close = get_close_matches(column, COLUMNS, n=1)
            hint = " " + _("Is it %(column)s?") % {"column": close[0]} if close else ""
            refuse(_shown(column), _("this column is not known.") + hint)
        elif columns.count(column) > 1:
            refuse(column, _("this column is there twice."))
    for column in COLUMNS:
        if column in REQUIRED and column not in columns:
            refuse(column, _("this column is missing."))
    return columns


def _read_row(table: Table, columns: list[str], line: int, cells: list[str]) -> None:
    table.lines += 1
    if len(cells) != len(columns):
        names = {"there": len(cells), "wanted": len(columns)}
        words = _("this row has %(there)d cells, the header has %(wanted)d.")
        table.problems.append(Problem(line, "", words % names))
        return
    values = dict.fromkeys(COLUMNS, "") | {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    found = [Problem(line, column, text) for column, value in values.items() if (text := _wrong(column, value))]
    table.problems += found
    if found:
        table.wrong.append((Row(line, values), frozenset(problem.column for problem in found)))
    else:
        table.rows.append(Row(line, values))


def _wrong(column: str, value: str) -> str:
    """Return what is wrong with a cell whatever it means, or ''."""
    if not value:
        return _("this is missing.") if column in REQUIRED else ""
    if len(value) > COLUMNS[column]:
        return _("this has %(there)d characters; at most %(most)d fit.") % {
            "there": len(value),
            "most": COLUMNS[column],
        }
    if _FORMULA.match(value):
        return _("this begins like a formula of a spreadsheet (%(value)s).") % {"value": _shown(value)}
    unseen = next((c for c in value if c not in _JOINERS and unicodedata.category(c) in _UNSEEN), "")
    if unseen:
        return _("this has a character that does not show (%(code)s).") % {"code": f"U+{ord(unseen):04X}"}
    return ""


def _shown(value: str) -> str:
    """Return the beginning of a strange value as it can be printed anywhere."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:30])


@contextmanager
def _wide_fields() -> Iterator[None]:
    """Let a cell be as long as the file: it is refused with its line and column, not with the whole rest."""
    before = csv.field_size_limit(MOST_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)
