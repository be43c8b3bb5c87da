"""Which rows of the record a request asks for, among those that the signed-in person may read."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from agreements.catalog.permissions import Permission
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about, entries_of_datasets
from agreements.web import access


def entries_for(request: HttpRequest) -> QuerySet[LedgerEntry]:
    """Return the rows of their datasets, newest first, of the kind and about the reference asked for."""
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
