"""What a session holds for some minutes goes when they are over, whether or not its browser comes back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from agreements.core import clock
from agreements.people import passing
from agreements.people.session_store import SessionStore
from agreements.tasks import forget_sessions

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)


def session(**values: Any) -> SessionStore:
    made = SessionStore()
    passing.keep(made, "signing", {"fields": {"strokes": "[[[1, 2]]]"}}, lasting=QUARTER)
    made.update({"language": "en", "odd": {"kept_until": None}, **values})
    made.create()
    return made


def test_what_is_over_goes_and_nothing_else() -> None:
    with clock.frozen(NOON):
        first = session()
    with clock.frozen(NOON + QUARTER / 2):
        second = session()
    with clock.frozen(NOON + QUARTER):
        assert passing.drop_everywhere() == 1
        found = [dict(SessionStore(one.session_key).items()) for one in (first, second)]
    assert found[0] == {"language": "en", "odd": {"kept_until": None}}
    assert "signing" in found[1]


def test_the_task_does_it() -> None:
    with clock.frozen(clock.now() - QUARTER):
        made = session()
    forget_sessions()
    assert "signing" not in SessionStore(made.session_key)


def test_a_page_that_writes_meanwhile_is_not_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.frozen(NOON):
        made = session()
    encode = SessionStore.encode

    def slowly(self: SessionStore, values: dict[str, Any]) -> str:
        Session.objects.update(session_data=encode(self, {"language": "de"}))
        return encode(self, values)

    monkeypatch.setattr(SessionStore, "encode", slowly)
    with clock.frozen(NOON + QUARTER):
        assert passing.drop_everywhere() == 0
        assert dict(SessionStore(made.session_key).items()) == {"language": "de"}


def test_a_session_is_written_only_if_something_is_over() -> None:
    with clock.frozen(NOON):
        made = SessionStore(session().session_key)
        passing.drop_over(made)
        assert "signing" in made
        before = made.modified
    with clock.frozen(NOON + QUARTER):
        passing.drop_over(made)
    assert (before, made.modified) == (False, True)
    assert "signing" not in made
