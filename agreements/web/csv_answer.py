"""Answers as CSV, such that no cell is taken for a formula by the program that opens it."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.http import StreamingHttpResponse

# Those of full width too: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return a file of this name, streamed; moments are written in UTC, and what is None as nothing."""
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def cell(value: object) -> str:
    """Return a cell; text that a spreadsheet would run as a formula is quoted first."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds")
    text = str(value)
    is_formula = not isinstance(value, int | float) and (text[:1] in _FORMULA or text.lstrip()[:1] in _FORMULA)
    return f"'{text}" if is_formula else text


class _Echo:
    """A file that hands back what the CSV writer gives it."""

    def write(self, line: str) -> str:
        return line


def _lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield str(writer.writerow(columns))
    for row in rows:
        yield str(writer.writerow([cell(value) for value in row]))
