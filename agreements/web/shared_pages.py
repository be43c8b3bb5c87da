"""Shared archives on the steward's desk: what is handed out, how sealing goes, and the next generation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, may
from agreements.grants.shared import desk as shared_desk
from agreements.grants.shared import generations
from agreements.grants.shared.desk import Shelf
from agreements.web import access
from agreements.web.refusals import IntoMessages


@login_required
@never_cache
@require_safe
def shared_archives(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every shared archive of the dataset; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    shelves = shared_desk.shelves(shared_desk.shared_archives(dataset))
    return render(request, "stewardship/shared.html", _context(request, dataset) | {"shelves": shelves})


@login_required
@never_cache
@require_safe
def shared_archive(request: HttpRequest, slug: str, archive_id: int) -> HttpResponse:
    """Show one of them, as the page asks for it again while it is being sealed."""
    dataset = access.staffed_dataset(request, slug)
    shelf = _shelf(dataset, archive_id)
    return render(request, "stewardship/shared_archive.html", _context(request, dataset) | {"shelf": shelf})


@login_required
@require_POST
def seal_next(request: HttpRequest, slug: str, archive_id: int) -> HttpResponse:
    """Have the next generation sealed; the present one is handed out until it is ready."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    shelf = _shelf(dataset, archive_id)
    with IntoMessages(request):
        generations.ask(archive=shelf.archive, by=access.actor(request))
        messages.success(request, _("The next generation of %(name)s is queued.") % {"name": shelf.archive.name})
    return redirect("shared", slug=slug)


@login_required
@require_POST
def seal_again(request: HttpRequest, slug: str, archive_id: int) -> HttpResponse:
    """Take up a generation whose sealing failed."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    generation = access.newest_generation(dataset, archive_id)
    with IntoMessages(request):
        generations.try_again(generation=generation, by=access.actor(request))
        messages.success(request, _("Sealing %(name)s goes on.") % {"name": generation.archive.name})
    return redirect("shared", slug=slug)


def _shelf(dataset: Dataset, archive_id: int) -> Shelf:
    return shared_desk.shelves([access.shared_archive(dataset, archive_id)])[0]


def _context(request: HttpRequest, dataset: Dataset) -> dict[str, object]:
    return {
        "dataset": dataset,
        "may_publish": may(Permission.PUBLISH, dataset=dataset, by=access.actor(request)),
    }
