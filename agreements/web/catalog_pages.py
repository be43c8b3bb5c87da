"""The public pages: what there is, under which terms."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from agreements.applications.waiting import expected_wait
from agreements.catalog import terms as catalog_terms
from agreements.catalog import visibility
from agreements.catalog.models import Dataset
from agreements.grants import how_long
from agreements.people.models import User
from agreements.vault import stores
from agreements.web import access, application_status


@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    """List the datasets; go straight to the dataset when there is one."""
    found = list(access.offered_datasets())
    if len(found) == 1:
        return redirect("dataset", slug=found[0].slug)
    return render(request, "catalog/datasets.html", {"datasets": found})


@require_safe
def dataset(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a dataset is, its subsets and how to get each, its terms and how to cite it."""
    found = access.dataset(slug)
    context = {
        "dataset": found,
        "subsets": visibility.shown_subsets(found, viewer_pk=request.user.pk),
        "takes_applications": visibility.takes_applications(found),
        "terms": catalog_terms.in_force_or_none(found),
        "coming": catalog_terms.coming(found),
        "lifetimes": how_long.rows(found),
        "wait": expected_wait(found),
        "numbers": [(item["label"], item["value"]) for item in found.statistics],
        **_standing(request, found),
    }
    return render(request, "catalog/dataset.html", context)


@require_safe
def annotation_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the data consists of, folder by folder."""
    return render(request, "catalog/annotations.html", {"dataset": access.dataset(slug)})


@require_safe
@cache_control(public=True, max_age=3600)
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the dataset's preview picture."""
    found = access.dataset(slug)
    if not found.preview:
        raise Http404
    store = stores.archives()
    body = b"".join(store.open_range(found.preview, 0, store.size(found.preview)))
    return HttpResponse(body, content_type="image/jpeg")


def _standing(request: HttpRequest, dataset: Dataset) -> dict[str, object]:
    """Return what the person already has here, so that the page does not ask them to apply again."""
    if not isinstance(request.user, User):
        return {"application": None, "grant": None}
    return application_status.standing(request.user, dataset)
