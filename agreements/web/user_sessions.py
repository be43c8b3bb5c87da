"""allauth's list of sessions, kept by us: its own bookkeeping would write their keys as they are."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.apps import UserSessionsConfig


class UserSessions(UserSessionsConfig):
    """allauth's app with its table, and a receiver of our own in place of its own."""

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in

        user_logged_in.connect(_note_signed_in, dispatch_uid="agreements.web.user_sessions")


def _note_signed_in(sender: object, **said: Any) -> None:
    from agreements.web.personal import note_signed_in_here

    note_signed_in_here(said["request"])
