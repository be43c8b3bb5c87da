"""Which lists and registries about domains are loaded, and how old they are."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.catalog.permissions import Permission
from agreements.identity import sources_shown
from agreements.identity.models import SourceLoad
from agreements.web import access


@login_required
@never_cache
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Show every source, which evidence names with its version: for the staff of any dataset and for administrators."""
    if not access.person(request).is_site_administrator:
        access.staffed_datasets(request, Permission.VIEW_CASES)
    every = sources_shown.every()
    rows = [
        (each, _who(each.load) if each.load else "", [(load, _who(load)) for load in each.earlier]) for each in every
    ]
    return render(request, "review/sources.html", {"rows": rows})


def _who(load: SourceLoad) -> str:
    """Return what says who loaded something: only commands do, which somebody ran here."""
    return f"manage.py {load.loaded_by.removeprefix('system:')}"
