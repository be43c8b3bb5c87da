"""What the pages that take an emailed code have in common: sending it, refusing, and leading there and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from agreements.core.errors import DomainError, TooMany
from agreements.documents.store import NotStored
from agreements.keys.signing_keys import NoSigningKey
from agreements.mail.immediate import NotSent
from agreements.people.emailed_codes import Purpose
from agreements.web.code_mail import send_code
from agreements.web.personal import keep_over_an_error


def send_or_refusal(
    request: HttpRequest,
    *,
    address: str,
    purpose: Purpose,
    language: str,
    about: Mapping[str, object] | None = None,
) -> str | DomainError:
    """Mail a code and return its handle, or why it was not mailed."""
    try:
        return send_code(request, address=address, purpose=purpose, language=language, about=about)
    except (TooMany, NotSent) as refused:
        return refused


def status_of(refusal: DomainError) -> int:
    """Return the status of a page that shows a refusal."""
    if isinstance(refusal, TooMany):
        return 429
    return 503 if isinstance(refusal, (NotSent, NoSigningKey, NotStored)) else 200


def answer(
    request: HttpRequest, template: str, context: dict[str, Any], *, refusal: DomainError | None
) -> HttpResponse:
    """Return the page with the status of what was refused on it, if anything was.

    For TooMany it says after how many seconds another try makes sense (RFC 9110, 10.2.3).
    """
    response = render(request, template, context, status=status_of(refusal) if refusal else 200)
    if response.status_code >= 500:
        keep_over_an_error(request)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def away(request: HttpRequest, page: str, *, back_after_post: str) -> HttpResponse:
    """Lead to a page that asks for proof, and from there back: to this address, or after a POST to the one given."""
    path = request.get_full_path() if request.method in {"GET", "HEAD"} else back_after_post
    target = f"{page}?{urlencode({'next': path})}"
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)
