"""No more is taken in than a signed copy may have: a larger body is refused before a byte of it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# The form around the file, and enough beyond its limit for the page to say by itself what is too large.
AROUND: Final = 8 * 1024 * 1024


class UploadLimitMiddleware:
    """Answers 413. Without a declared length Django reads no body at all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not declared.isascii() or not declared.isdigit() or len(declared) > 18:
            return HttpResponse(status=400)
        if int(declared) > settings.SIGNED_COPY_LIMIT + AROUND:
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)
