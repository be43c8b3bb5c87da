"""Which lists and registries about domains are loaded, and how old they are."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.catalog.permissions import Permission
from agreements.identity import sources_shown
from agreements.identity.models import SourceLoad
from agreements.people.models import User
from agreements.web import access


@login_required
@never_cache
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Show every source, for the staff of any dataset: evidence names them with their versions."""
    access.staffed_datasets(request, Permission.VIEW_CASES)
    every = sources_shown.every()
    who = _names([load for each in every for load in (each.load, *each.earlier) if load is not None])
    rows = [(each, who(each.load) if each.load else "", [(load, who(load)) for load in each.earlier]) for each in every]
    return render(request, "review/sources.html", {"rows": rows})


def _names(loads: list[SourceLoad]) -> Callable[[SourceLoad], str]:
    """Return what says who loaded something: a job is named by its command, which somebody ran here."""
    ids = {load.loaded_by.removeprefix("person:") for load in loads if load.loaded_by.startswith("person:")}
    names = {f"person:{user.public_id}": user.display_name for user in User.objects.filter(public_id__in=ids)}
    return lambda load: names.get(load.loaded_by) or f"manage.py {load.loaded_by.removeprefix('system:')}"
