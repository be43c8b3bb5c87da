"""Loading the papers behind an access, for its holder and for the staff of its dataset."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404, HttpRequest

from agreements.documents.models import StoredDocument
from agreements.grants import executed
from agreements.grants.executed.behind import papers_behind
from agreements.grants.models import Grant
from agreements.grants.permissions import Permission
from agreements.web import access
from agreements.web.agreement_papers import Sort, grant_of

T = TypeVar("T")


def own(request: HttpRequest, reference: str) -> Grant:
    """Return a grant whose agreement the signed-in person may see as its holder: a member may not."""
    return access.shared_grant(request, reference, needs=Permission.SEE_AGREEMENT)


def managed(request: HttpRequest, slug: str, reference: str) -> Grant:
    """Return a grant of a dataset that the signed-in person looks after as steward or auditor."""
    return access.managed_grant(request, slug, reference, needs=Permission.SEE_AGREEMENT)


def of_case(request: HttpRequest, reference: str) -> Grant:
    """Return the grant that an application led to, which the signed-in person may read as staff."""
    return _found(grant_of(access.case(request, reference)))


def document(grant: Grant, sort: Sort) -> StoredDocument:
    """Return a paper of a grant that was loaded here; Http404 for one that there is not, or not yet."""
    if sort is Sort.EXECUTED:
        made = executed.of(grant)
        return _found(made.document if made else None)
    behind = papers_behind(grant.application)
    if sort in {Sort.SIGNED, Sort.FILES}:
        return _found(behind.copy.document if behind.copy else None)
    return _found(behind.issued.document if behind.issued else None)


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
