"""What a browser's session holds for some minutes only, as what was filled in and waits for a mailed code.

Whatever in a session is a dict with `kept_until` goes once that moment is over: with the next page, or with a task
where nobody comes back.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session

from agreements.core.clock import now
from agreements.people.session_store import SessionStore

_UNTIL: Final = "kept_until"


def keep(session: SessionBase, name: str, values: dict[str, Any], *, lasting: dt.timedelta) -> None:
    """Put values into a session, for so long."""
    session[name] = values | {_UNTIL: (now() + lasting).isoformat()}


def drop_over(session: SessionBase) -> None:
    """Take out of a session what is over."""
    for name in _over(dict(session.items())):
        del session[name]


def drop_everywhere() -> int:
    """Take what is over out of the sessions of all browsers, and return of how many."""
    store, dropped = SessionStore(), 0
    for row in Session.objects.filter(expire_date__gt=now()).iterator():
        values = store.decode(row.session_data)
        over = _over(values)
        if not over:
            continue
        left = store.encode({name: value for name, value in values.items() if name not in over})
        # A page that wrote meanwhile knows better; its browser is there, and drops by itself.
        dropped += Session.objects.filter(pk=row.pk, session_data=row.session_data).update(session_data=left)
    return dropped


def _over(values: dict[str, Any]) -> list[str]:
    return [name for name, value in values.items() if isinstance(value, dict) and _is_over(value.get(_UNTIL))]


def _is_over(until: Any) -> bool:
    return isinstance(until, str) and dt.datetime.fromisoformat(until) <= now()
