"""The page that shows the password: a fresh proof of our own counting, and nothing that stays behind."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.core import mail
from django.test import Client, RequestFactory

from agreements.applications.models import State
from agreements.core import clock
from agreements.grants.models import Grant, Seal
from agreements.grants.passwords import password_of
from agreements.ledger.models import LedgerEntry
from tests.applications.cases import put
from tests.flows.scene import Scene

PASSWORD = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){4}")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def sign_in(scene: Scene) -> Client:
    """Sign Alice in by an emailed code: she has neither a password nor a second factor."""
    browser = Client()
    browser.post("/accounts/login/", {"email": scene.alice.email})
    browser.post("/accounts/login/code/confirm/", {"code": newest_code()})
    assert not scene.alice.has_usable_password()
    return browser


def newest_code() -> str:
    found = re.search(r"^ +(\w{3}-\w{3})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


def allauth_thinks_it_fresh(browser: Client, scene: Scene) -> bool:
    request = RequestFactory().get("/")
    request.session, request.user = browser.session, scene.alice
    return bool(did_recently_reauthenticate(request))


def test_a_session_sixteen_minutes_old_is_asked_for_a_code_before_a_password_shows(scene: Scene, grant: Grant) -> None:
    page = f"/grants/{grant.reference}/password/"
    start = clock.now()
    with clock.frozen(start):
        browser = sign_in(scene)
        assert PASSWORD.search(browser.post(page).content.decode())
    with clock.frozen(start + 16 * MINUTE):
        for answer in (browser.get(page), browser.post(page)):
            assert answer.headers["Location"] == f"/accounts/fresh/?next=%2Fgrants%2F{grant.reference}%2Fpassword%2F"
            assert not PASSWORD.search(answer.content.decode())
        assert allauth_thinks_it_fresh(browser, scene), "what it counts must not be what counts here"
        assert LedgerEntry.objects.filter(kind="password.revealed").count() == 1
        browser.post("/accounts/fresh/", {"action": "send", "next": page})
        browser.post("/accounts/fresh/", {"code": newest_code(), "next": page})
        assert PASSWORD.search(browser.post(page).content.decode())
    assert LedgerEntry.objects.filter(kind="password.revealed").count() == 2


def test_the_same_post_again_after_a_quarter_of_an_hour_is_refused(scene: Scene, grant: Grant) -> None:
    page = f"/grants/{grant.reference}/password/"
    start = clock.now()
    with clock.frozen(start):
        browser = sign_in(scene)
    for minutes, status in ((0, 200), (14, 200), (15, 302), (60, 302)):
        with clock.frozen(start + minutes * MINUTE):
            assert browser.post(page).status_code == status
    with clock.frozen(start - MINUTE):
        assert browser.post(page).status_code == 302, "proved in the future proves nothing"


def test_going_back_asks_the_server_again_and_a_get_shows_nothing(scene: Scene, grant: Grant) -> None:
    page = f"/grants/{grant.reference}/password/"
    browser = sign_in(scene)
    for answer in (browser.post(page), browser.get(page)):
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not PASSWORD.search(browser.get(page).content.decode())
    assert LedgerEntry.objects.filter(kind="password.revealed").count() == 1


def test_after_a_key_change_the_page_shows_the_new_password_alone(scene: Scene, grant: Grant) -> None:
    page = f"/grants/{grant.reference}/password/"
    browser = sign_in(scene)
    old = Seal.objects.get(grant=grant)
    assert password_of(old) in browser.post(page).content.decode()
    Seal.objects.filter(pk=old.pk).update(ended_at=clock.now())
    fresh = Seal.objects.create(seal_id="f" * 32, number=2, key_number=1, grant=grant, person=scene.alice)
    shown = browser.post(page).content.decode()
    assert password_of(fresh) in shown
    assert password_of(old) not in shown
