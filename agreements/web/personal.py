"""Every page in the signed-in person's language and time zone; where they were seen last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_cache_control

from agreements.core.clock import now
from agreements.core.zones import zone_of
from agreements.people import accounts, passing, sessions
from agreements.people.models import User
from agreements.web.limits import client_address

_SEEN: Final = "seen"
SEEN_EVERY: Final = dt.timedelta(minutes=5)


class PersonalMiddleware:
    """Runs after authentication. A stranger gets the browser's language and UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        translation.activate(accounts.known_language(user.language))
        request.LANGUAGE_CODE = translation.get_language() or "en"
        _note_seen(request)
        passing.drop_over(request.session)
        with timezone.override(zone_of(user.time_zone)):
            response = self.get_response(request)
        # What a signed-in person sees is theirs: no cache in between keeps it, nor does a shared browser.
        if "Cache-Control" not in response:
            add_never_cache_headers(response)
        elif "public" in response["Cache-Control"]:
            # With it a session's cookie may go out, which no shared cache may hand to others.
            patch_cache_control(response, private=True)
        return response


def note_signed_in_here(request: HttpRequest) -> None:
    """Put this browser on the list of those that the person is signed in with."""
    if not isinstance(request.user, User):
        return
    if not request.session.session_key:
        request.session.save()
    sessions.note(
        user=request.user,
        key=request.session.session_key or "",
        address=client_address(request),
        browser=request.headers.get("User-Agent", ""),
    )


def _note_seen(request: HttpRequest) -> None:
    """Write at most once in five minutes, so that a page costs no write of its own."""
    seen = request.session.get(_SEEN)
    if seen is not None and now() - dt.datetime.fromisoformat(seen) < SEEN_EVERY:
        return
    request.session[_SEEN] = now().isoformat()
    if request.session.session_key:
        sessions.touch(key=request.session.session_key)


def keep_over_an_error(request: HttpRequest) -> None:
    """Write the session although the answer says that the server could not: Django's middleware leaves it out then.

    What was ticked or proven is for the next try.
    """
    request.session.save()
