"""The record, for stewards and auditors of the datasets it is about."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.catalog.permissions import Permission
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about, entries_of_datasets
from agreements.web import access
from agreements.web.timeline import timeline_of

PER_PAGE = 50
COLUMNS = ("sequence", "at", "actor", "role", "kind", "subjects", "payload", "previous_hash", "hash")


@login_required
@never_cache
@require_safe
def record(request: HttpRequest) -> HttpResponse:
    """Show the record, newest first, filtered by kind and reference."""
    page = Paginator(_entries(request), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    told = timeline_of(rows, viewer=access.person(request), internal=True)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "rows": list(zip(rows, told, strict=True)),
        "kinds": Kind.choices,
        "kind": request.GET.get("kind", ""),
        "reference": request.GET.get("reference", ""),
        "query": query.urlencode(),
    }
    return render(request, "record/record.html", context)


@login_required
@never_cache
@require_safe
def record_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Give the same rows as CSV, hashes included, so that somebody else can check the chain."""
    response = StreamingHttpResponse(_csv_lines(_entries(request)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="record.csv"'
    return response


def _entries(request: HttpRequest) -> QuerySet[LedgerEntry]:
    slugs = access.staffed_datasets(request, Permission.VIEW_RECORD).values_list("slug", flat=True)
    found = entries_of_datasets(slugs)
    if kind := _asked(request, "kind"):
        found = found.filter(kind=kind)
    if reference := _asked(request, "reference"):
        found = found.filter(sequence__in=entries_about(reference).values("sequence"))
    return found


def _asked(request: HttpRequest, name: str) -> str:
    """Return a filter; PostgreSQL knows no NUL, and no kind or reference has one."""
    return request.GET.get(name, "").replace("\0", "").strip()


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
