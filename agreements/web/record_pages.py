"""The record, for stewards and auditors of the datasets it is about."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.ledger.kinds import Kind
from agreements.web import access
from agreements.web.record_filter import entries_for
from agreements.web.timeline import timeline_of

PER_PAGE = 50


@login_required
@never_cache
@require_safe
def record(request: HttpRequest) -> HttpResponse:
    """Show the record, newest first, filtered by kind and reference."""
    page = Paginator(entries_for(request), PER_PAGE).get_page(request.GET.get("page"))
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
        "is_site_administrator": access.person(request).is_site_administrator,
    }
    return render(request, "record/record.html", context)
