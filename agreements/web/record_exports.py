"""The record as files: for a spreadsheet, for a program that checks it, and that program."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.ledger import export
from agreements.ledger.models import LedgerEntry
from agreements.web import access_checkpoints
from agreements.web.record_filter import entries_for

COLUMNS: Final = ("sequence", "at", "actor", "role", "kind", "subjects", "payload", "previous_hash", "hash")
_LINES: Final = "application/jsonl; charset=utf-8"


@login_required
@never_cache
@require_safe
def record_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Give the rows of the page, all of them, for a spreadsheet."""
    return _file(_csv_lines(entries_for(request)), "record.csv", "text/csv; charset=utf-8")


@login_required
@never_cache
@require_safe
def record_jsonl(request: HttpRequest) -> StreamingHttpResponse:
    """Give the same rows as JSON Lines: each can be checked by itself, the chain only where rows follow each other."""
    return _file(_ended(export.lines(entries_for(request))), "part-of-record.jsonl", _LINES)


@login_required
@never_cache
@require_safe
def whole_record(request: HttpRequest) -> StreamingHttpResponse:
    """Give a site administrator the whole record, which alone can be compared with a checkpoint."""
    access_checkpoints.site_administrator(request)
    return _file(_ended(export.lines()), "record.jsonl", _LINES)


@login_required
@never_cache
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """Give the program that checks an export; it needs Python alone."""
    program = resources.files("agreements.ledger").joinpath("verify_record.py").read_bytes()
    response = HttpResponse(program, content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify_record.py"'
    return response


def _file(lines: Iterator[str], name: str, content_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _ended(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"{line}\n"


class _Echo:
    """A file that hands back what the CSV writer gives it."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(entries: QuerySet[LedgerEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield str(writer.writerow(COLUMNS))
    for entry in entries.order_by("sequence").iterator(chunk_size=1000):
        yield str(writer.writerow([_cell(getattr(entry, column)) for column in COLUMNS]))


def _cell(value: object) -> str:
    """Return a cell; text that a spreadsheet would run as a formula is quoted first."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
