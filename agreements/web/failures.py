"""The page for what nobody expected: plain if it is a fault, and with what was typed if the database is away."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Seconds after which it makes sense to try again: a database restarts in less.
RETRY_AFTER: Final = 10
# Never written into a page, not even the sender's own.
_SECRET: Final = frozenset({"code", "password", "otp", "token"})


@dataclass(frozen=True, slots=True)
class Again:
    """What was sent, so that it can be sent again; a file cannot be put into a page."""

    path: str
    fields: list[tuple[str, str]]
    had_file: bool


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database is out of reach, with a button that sends the same once more; otherwise 500.

    Needs no database, no session and no person: any of them may be what is missing.
    """
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("500.html"), status=500)
    response = HttpResponse(render_to_string("503.html", {"again": _what_was_sent(request)}), status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _what_was_sent(request: HttpRequest) -> Again | None:
    if request.method != "POST":
        return None
    try:
        posted, files = request.POST, request.FILES
    except Exception:  # the body itself may have been cut off
        return None
    # The form's own token stays in it: it belongs to the sender's cookie and needs no session.
    fields = [(name, value) for name, values in posted.lists() for value in values if name not in _SECRET]
    return Again(request.get_full_path(), fields, bool(files))
