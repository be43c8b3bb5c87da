"""The public pages of one version of the terms: its text, what is different in it, and its file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from agreements.applications.blank_form import blank_form
from agreements.catalog.terms import coming, earlier, in_force_or_none
from agreements.core.clock import today
from agreements.web import access, access_terms
from agreements.web.terms_comparison import compare


@require_safe
def terms(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show a version of the terms, and whether it is the one that holds."""
    found = access.terms(slug, version)
    current = in_force_or_none(found.dataset)
    context = {
        "dataset": found.dataset,
        "terms": found,
        "previous": access_terms.before(found),
        "is_coming": found.effective_from > today(),
        "current": current if current != found else None,
        "coming": coming(found.dataset) if current == found else None,
    }
    return render(request, "catalog/terms.html", context)


@require_safe
def changes(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show what is different in a version from the one before, or from the earlier one that `from` names."""
    found = access.terms(slug, version)
    old = access_terms.before(found, request.GET.get("from", ""))
    context = {
        "dataset": found.dataset,
        "terms": found,
        "old": old,
        "earlier": list(earlier(found)),
        "comparison": compare(old, found) if old else None,
        "is_coming": found.effective_from > today(),
    }
    return render(request, "catalog/terms_changes.html", context)


@require_safe
@cache_control(public=True, max_age=3600)
def terms_pdf(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Give the blank agreement form, for people who apply by mail."""
    found = access.terms(slug, version)
    return _file(blank_form(found), "application/pdf", f"{found.dataset.slug}-agreement-{found.version}.pdf")


@require_safe
@cache_control(public=True, max_age=3600)
def terms_source(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Give the text as it was published, byte for byte: its SHA-256 is that of the file."""
    found = access.terms(slug, version)
    return _file(found.source.encode(), "text/markdown; charset=utf-8", f"{found.version}.md")


def _file(data: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
