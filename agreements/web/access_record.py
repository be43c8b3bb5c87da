"""Loading what the questions of the record name, for stewards and auditors of the datasets it belongs to."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from agreements.applications.models import Application
from agreements.catalog.models import Dataset, Subset
from agreements.catalog.permissions import Permission
from agreements.grants.models import Grant
from agreements.web import access

T = TypeVar("T")


def datasets(request: HttpRequest) -> QuerySet[Dataset]:
    """Return the datasets whose record the signed-in person may read; Http404 if there is none."""
    return access.staffed_datasets(request, Permission.VIEW_RECORD)


def application(request: HttpRequest, reference: str) -> Application:
    """Return an application of one of them, a draft too: the record tells that it was begun, and nothing it says."""
    found = Application.objects.filter(dataset__in=datasets(request), reference=reference)
    return _found(found.select_related("dataset", "applicant").first())


def grant(request: HttpRequest, reference: str) -> Grant:
    """Return a grant of one of them."""
    found = Grant.objects.filter(dataset__in=datasets(request), reference=reference)
    return _found(found.select_related("dataset", "holder", "application").first())


def subsets(request: HttpRequest) -> list[Subset]:
    """Return the subsets of all of them, by dataset."""
    found = Subset.objects.filter(dataset__in=datasets(request)).select_related("dataset")
    return list(found.order_by("dataset__title", "position", "pk"))


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
