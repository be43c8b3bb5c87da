"""What a session has proved, and when: control of the mailbox, and the second factor.

allauth counts a person with neither password nor second factor as always fresh; so the time is kept here.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from agreements.core.clock import now
from agreements.people.emailed_codes import FRESH_FOR
from agreements.people.models import User

STAFF_FOR: Final = dt.timedelta(hours=12)
"""A working day: after it, staff pages ask for the second factor again."""
_KEY: Final = "mailbox_proved"


def note_mailbox(request: HttpRequest, user: User) -> None:
    """Note that this person proved their mailbox now, in this session."""
    request.session[_KEY] = {"user": user.pk, "at": now().isoformat()}


def note_second_factor(request: HttpRequest, user: User, kind: str) -> None:
    """Note that this person used a second factor now, in this session."""
    # Fresh by allauth's own count, too: whoever set up an app is shown the recovery codes without another code.
    record_authentication(request, user, "mfa", type=kind, reauthenticated=True)


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the signed-in person proved mailbox or second factor here within the last 15 minutes."""
    if not isinstance(request.user, User):
        return False
    return is_mailbox_fresh(request) or any(map(_is_recent, _second_factor_moments(request)))


def is_mailbox_fresh(request: HttpRequest) -> bool:
    """Return whether the signed-in person proved their mailbox here within the last 15 minutes."""
    mark = request.session.get(_KEY)
    if not isinstance(mark, dict) or not isinstance(request.user, User) or mark.get("user") != request.user.pk:
        return False
    return _is_recent(dt.datetime.fromisoformat(mark["at"]))


def has_second_factor(user: User) -> bool:
    """Return whether this person has set up a second factor (recovery codes alone are none)."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists())


def passed_second_factor(request: HttpRequest) -> bool:
    """Return whether the signed-in person used their second factor in this session, within the last 12 hours."""
    return any(dt.timedelta() <= now() - moment < STAFF_FOR for moment in _second_factor_moments(request))


def _is_recent(moment: dt.datetime) -> bool:
    return dt.timedelta() <= now() - moment < FRESH_FOR


def _second_factor_moments(request: HttpRequest) -> list[dt.datetime]:
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    return [dt.datetime.fromtimestamp(record["at"], dt.UTC) for record in records if record["method"] == "mfa"]
