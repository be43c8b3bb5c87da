"""Loading what an address names, for whom it may be shown: the only place where pages fetch by reference.

What exists and is not theirs is answered like what does not exist, so that existence does not leak.
"""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404, HttpRequest

from agreements.applications import permissions as application_rules
from agreements.applications.models import Application
from agreements.catalog.models import Dataset, Role, Terms
from agreements.catalog.roles import datasets_where, has_role
from agreements.core.actors import Actor
from agreements.grants import permissions as grant_rules
from agreements.grants.models import Grant
from agreements.people.models import User

T = TypeVar("T")


def person(request: HttpRequest) -> User:
    """Return who is signed in; for views behind `login_required`."""
    assert isinstance(request.user, User)
    return request.user


def actor(request: HttpRequest) -> Actor:
    """Return the signed-in person as an actor."""
    return person(request).actor


def dataset(slug: str) -> Dataset:
    """Return a dataset, for anyone."""
    return _found(Dataset.objects.filter(slug=slug).first())


def terms(slug: str, version: str) -> Terms:
    """Return a version of a dataset's terms, for anyone."""
    return _found(Terms.objects.filter(dataset__slug=slug, version=version).select_related("dataset").first())


def own_application(request: HttpRequest, reference: str) -> Application:
    """Return an application of the signed-in person."""
    mine = application_rules.visible_to(actor(request))
    return _found(mine.select_related("dataset", "terms", "applicant").filter(reference=reference).first())


def case(request: HttpRequest, reference: str) -> Application:
    """Return an application that the signed-in person may read as staff."""
    cases = application_rules.cases_visible_to(actor(request))
    return _found(cases.select_related("dataset", "terms", "applicant").filter(reference=reference).first())


def own_grant(request: HttpRequest, reference: str) -> Grant:
    """Return a grant that is the signed-in person's own."""
    held = grant_rules.held_by(person(request).pk)
    return _found(held.select_related("dataset", "terms", "holder").filter(reference=reference).first())


def managed_grant(request: HttpRequest, slug: str, reference: str) -> Grant:
    """Return a grant of a dataset that the signed-in person looks after as staff."""
    staffed_dataset(request, slug)
    grants = Grant.objects.filter(dataset__slug=slug, reference=reference)
    return _found(grants.select_related("dataset", "terms", "holder").first())


def staffed_dataset(
    request: HttpRequest, slug: str, *, roles: tuple[Role, ...] = (Role.STEWARD, Role.AUDITOR)
) -> Dataset:
    """Return a dataset for which the signed-in person holds one of the roles."""
    found = dataset(slug)
    if not has_role(person_pk=person(request).pk, dataset=found, roles=roles):
        raise Http404
    return found


def check_staff(request: HttpRequest, *, roles: tuple[Role, ...] = tuple(Role)) -> None:
    """Raise Http404 unless the signed-in person holds one of the roles for some dataset."""
    if not datasets_where(person(request).pk, roles).exists():
        raise Http404


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
