"""The addresses of `delivery`, and a view that does one indexed query and nothing else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from agreements.grants.models import Link
from portal import delivery_urls


@require_safe
def one_query(request: HttpRequest, link_id: str) -> HttpResponse:
    """Answer with the number of the row that has this id."""
    return HttpResponse(str(Link.objects.values_list("pk", flat=True).get(link_id=link_id)))


urlpatterns = [path("one-query/<str:link_id>", one_query), *delivery_urls.urlpatterns]
