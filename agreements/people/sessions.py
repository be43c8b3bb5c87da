"""Where a person is signed in, and ending that.

Every session carries a hash made from the stored (never usable) password, which Django compares on each request.
Replacing that ends all sessions at once, also those that no list knows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

from agreements.core.clock import now
from agreements.people.models import User
from agreements.people.session_store import digest

_BROWSER: Final = 200
"""Characters that are kept of what a browser says of itself; allauth's column has as many."""


@dataclass(frozen=True, slots=True)
class Place:
    """One browser in which a person is signed in; `last_seen` is exact to about five minutes."""

    current: bool
    browser: str
    address: str
    since: dt.datetime
    last_seen: dt.datetime


def note(*, user: User, key: str, address: str, browser: str) -> None:
    """Put a browser on the list of those in which a person is signed in. `key` is its session's."""
    UserSession.objects.update_or_create(
        session_key=digest(key),
        defaults={"user": user, "ip": address, "user_agent": browser[:_BROWSER], "last_seen_at": now()},
    )


def places(*, user: User, current_key: str | None) -> list[Place]:
    """Return where this person is signed in, the present browser first, then the one seen last."""
    running = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now())
    UserSession.objects.filter(~Exists(running), user=user).delete()
    found = [
        Place(
            current=current_key is not None and session.session_key == digest(current_key),
            browser=session.user_agent,
            address=session.ip,
            since=session.created_at,
            last_seen=session.last_seen_at,
        )
        for session in UserSession.objects.filter(user=user)
    ]
    return sorted(found, key=lambda place: (not place.current, -place.last_seen.timestamp()))


def touch(*, key: str) -> None:
    """Note that a browser was seen now."""
    UserSession.objects.filter(session_key=digest(key)).update(last_seen_at=now())


def end_sessions(user: User) -> None:
    """Sign a person out everywhere, from the next request on. For role loss, closed accounts and their own wish."""
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        UserSession.objects.filter(user=user).delete()
