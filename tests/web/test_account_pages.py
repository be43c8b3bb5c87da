"""The account page, and every page in one's language and zone."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from agreements.core import clock
from agreements.people.models import User
from agreements.people.sessions import places

pytestmark = pytest.mark.django_db
ALICE = "alice@uni.example"


def sign_in(browser: Client) -> User:
    browser.post("/accounts/login/", {"email": ALICE}, headers={"user-agent": "Firefox on Linux"})
    code = re.search(r"^ +(\w{3}-\w{3})$", str(mail.outbox[-1].body), re.MULTILINE)[1]  # type: ignore[index]
    browser.post("/accounts/login/code/confirm/", {"code": code}, headers={"user-agent": "Firefox on Linux"})
    return User.objects.get()


def test_the_page_shows_who_where_and_what_is_held(client: Client) -> None:
    alice = sign_in(client)
    page = client.get("/account/").content.decode()
    for words in (ALICE, "Firefox on Linux", "127.0.0.1", str(alice.public_id), "(this browser)"):
        assert words in page


def test_name_language_and_zone_are_saved(client: Client) -> None:
    alice = sign_in(client)
    typed = {"name": "Alice Åberg", "language": "zh-hans", "time_zone": "Europe/Stockholm"}
    assert client.post("/account/", typed).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.language, alice.time_zone) == ("Alice Åberg", "zh-hans", "Europe/Stockholm")
    answer = client.get("/account/")
    assert answer.headers["Content-Language"] == "zh-hans"
    assert "Europe/Stockholm" in answer.content.decode()
    assert timezone.get_current_timezone_name() == "UTC"
    translation.activate("en")


def test_a_zone_that_is_not_offered_keeps_what_was_typed(client: Client) -> None:
    alice = sign_in(client)
    answer = client.post("/account/", {"name": "Alice", "language": "en", "time_zone": "Mars/Olympus"})
    assert 'value="Alice"' in answer.content.decode()
    alice.refresh_from_db()
    assert alice.name == ""


def test_signing_out_elsewhere_keeps_this_browser_only(client: Client) -> None:
    alice = sign_in(client)
    other = Client()
    sign_in(other)
    assert len(places(user=alice, current_key=client.session.session_key)) == 2
    assert client.get("/account/sessions/end/").status_code == 405
    client.post("/account/sessions/end/")
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    alice.refresh_from_db()
    left = places(user=alice, current_key=client.session.session_key)
    assert [place.current for place in left] == [True]


def test_no_table_has_a_cookie_with_which_somebody_is_signed_in(client: Client) -> None:
    alice = sign_in(client)
    client.get("/account/")
    cookies = {cookie.value for cookie in client.cookies.values()} - {""}
    assert client.session.session_key in cookies
    for model in apps.get_models():
        written = str(list(model._base_manager.values()))
        assert [value for value in cookies if value in written] == [], model
    assert [place.current for place in places(user=alice, current_key=client.session.session_key)] == [True]
    # What a table does have of it opens nothing.
    for row in Session.objects.all():
        thief = Client()
        thief.cookies["session"] = row.session_key
        assert thief.get("/account/").status_code == 302


def test_last_seen_is_written_at_most_every_five_minutes(client: Client) -> None:
    sign_in(client)
    start = clock.now()
    for minutes, expected in ((6, 6), (8, 6), (12, 12)):
        with clock.frozen(start + dt.timedelta(minutes=minutes)):
            client.get("/account/")
            seen = places(user=User.objects.get(), current_key=client.session.session_key)[0].last_seen
            assert seen == start + dt.timedelta(minutes=expected)


def test_a_stranger_has_no_account_page(client: Client) -> None:
    assert client.get("/account/").headers["Location"] == "/accounts/login/?next=/account/"
