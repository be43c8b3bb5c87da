"""What a form is bound to."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, also if that is nothing at all (an empty form is told what it lacks); None for GET."""
    return request.POST if request.method == "POST" else None
