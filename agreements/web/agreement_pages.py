"""The papers behind an access as files: executed, signed and issued, for its holder, on the desk and with the case."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from agreements.grants.models import Grant
from agreements.web import access_agreements
from agreements.web.agreement_papers import Sort
from agreements.web.papers import files_as_sent, paper, signed_paper

_NAMES: Final = {Sort.EXECUTED: "agreement", Sort.SIGNED: "signed", Sort.ISSUED: "agreement-issued"}


@login_required
@never_cache
@require_GET
def own(request: HttpRequest, reference: str, sort: Sort) -> HttpResponse:
    """Give the holder a paper of theirs."""
    return _file(request, access_agreements.own(request, reference), sort)


@login_required
@never_cache
@require_GET
def managed(request: HttpRequest, slug: str, reference: str, sort: Sort) -> HttpResponse:
    """Give a paper to whoever looks after the dataset."""
    return _file(request, access_agreements.managed(request, slug, reference), sort)


@login_required
@never_cache
@require_GET
def of_case(request: HttpRequest, reference: str, sort: Sort) -> HttpResponse:
    """Give a paper to whoever may read the case."""
    return _file(request, access_agreements.of_case(request, reference), sort)


def _file(request: HttpRequest, grant: Grant, sort: Sort) -> HttpResponse:
    """Answer with a paper as an attachment, byte for byte; a signed copy that came as several files as the one PDF."""
    document = access_agreements.document(grant, sort)
    if sort is Sort.FILES:
        return files_as_sent(request, document, f"{grant.reference}-signed-files.zip")
    give = signed_paper if sort is Sort.SIGNED else paper
    return give(request, document, f"{grant.reference}-{_NAMES[sort]}.pdf")
