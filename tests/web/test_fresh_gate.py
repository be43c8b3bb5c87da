"""Fresh proof, and the second factor of staff."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.core import clock
from agreements.people import accounts
from agreements.people.models import User
from agreements.people.sessions import end_sessions
from agreements.web.fresh_gate import require_fresh
from agreements.web.proofs import has_second_factor

ALICE = "alice@uni.example"
CONFIRM = "/accounts/login/code/confirm/"
NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@require_fresh
def secret(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the secret")


def staff_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the queue")


urlpatterns = [
    path("secret/", secret),
    path("review/trial/", staff_page),
    path("", include("portal.urls")),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def newest_code() -> str:
    return re.search(r"^ +(\w{3}-\w{3})$", str(mail.outbox[-1].body), re.MULTILINE)[1]  # type: ignore[index]


def sign_in(browser: Client, address: str = ALICE) -> User:
    browser.post("/accounts/login/", {"email": address})
    browser.post(CONFIRM, {"code": newest_code()})
    return User.objects.get(email=address)


def secret_of(browser: Client) -> str:
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    return re.search(r"\b([A-Z2-7]{32})\b", page)[1]  # type: ignore[index]


def app_code(key: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(key, counter)))


def make_reviewer(user: User) -> None:
    dataset = Dataset.objects.create(slug="genebody", reference_prefix="GB", title="GeneBody", summary="s")
    RoleAssignment.objects.create(user=user, dataset=dataset, role=Role.REVIEWER)


def test_signing_in_by_code_is_fresh_for_a_quarter_of_an_hour(client: Client) -> None:
    with clock.frozen(NOON):
        sign_in(client)
    with clock.frozen(NOON + dt.timedelta(minutes=14, seconds=59)):
        assert client.get("/secret/").content == b"the secret"
    with clock.frozen(NOON + dt.timedelta(minutes=15)):
        assert client.get("/secret/").headers["Location"] == "/accounts/fresh/?next=%2Fsecret%2F"


def test_a_fresh_code_opens_the_page_again(client: Client) -> None:
    with clock.frozen(NOON):
        sign_in(client)
    with clock.frozen(NOON + dt.timedelta(hours=2)):
        sent = len(mail.outbox)
        page = client.get("/accounts/fresh/?next=/secret/")
        assert page.status_code == 200
        assert len(mail.outbox) == sent, "a GET sends nothing"
        client.post("/accounts/fresh/", {"action": "send", "next": "/secret/"})
        assert mail.outbox[-1].to == [ALICE]
        assert "not the code" in client.post("/accounts/fresh/", {"code": "AAA-AAA"}).content.decode()
        answer = client.post("/accounts/fresh/", {"code": newest_code(), "next": "/secret/"})
        assert answer.headers["Location"] == "/secret/"
        assert client.get("/secret/").content == b"the secret"


def test_a_sign_in_code_is_no_fresh_code_and_a_strangers_proof_is_not_mine(client: Client) -> None:
    with clock.frozen(NOON):
        alice = sign_in(client)
        eve = Client()
        sign_in(eve, "eve@elsewhere.example")
        marks = eve.session["mailbox_proved"]
    with clock.frozen(NOON + dt.timedelta(hours=1)):
        stale = Client()
        stale.force_login(alice)
        session = stale.session
        session["mailbox_proved"] = {**marks, "at": clock.now().isoformat()}
        session.save()
        assert stale.get("/secret/").status_code == 302
        other = Client()
        other.post("/accounts/login/", {"email": ALICE})
        assert "No code" in client.post("/accounts/fresh/", {"code": newest_code()}).content.decode()


def test_a_person_without_any_code_in_the_session_is_not_fresh_though_allauth_thinks_so(client: Client) -> None:
    client.force_login(accounts.find_or_create(ALICE))
    assert client.get("/secret/").status_code == 302


def test_a_signed_out_person_is_sent_to_sign_in_and_back(client: Client) -> None:
    assert client.get("/secret/?a=1").headers["Location"] == "/accounts/login/?next=%2Fsecret%2F%3Fa%3D1"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/"])
def test_the_way_back_leads_nowhere_else(client: Client, target: str) -> None:
    sign_in(client)
    assert client.get("/accounts/fresh/", {"next": target}).headers["Location"] == "/"


def test_when_the_mail_server_is_down_the_page_says_so(client: Client) -> None:
    client.force_login(accounts.find_or_create(ALICE))
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
    ):
        assert client.post("/accounts/fresh/", {"action": "send"}).status_code == 503


def test_a_reviewer_without_a_second_factor_sets_one_up_first(client: Client) -> None:
    make_reviewer(sign_in(client))
    answer = client.get("/review/trial/")
    assert answer.headers["Location"] == "/accounts/2fa/totp/activate/?next=%2Freview%2Ftrial%2F"
    key = secret_of(client)
    client.post("/accounts/2fa/totp/activate/", {"code": app_code(key)})
    assert has_second_factor(User.objects.get())
    assert client.get("/review/trial/").content == b"the queue"
    assert key not in Authenticator.objects.get(type="totp").data["secret"], "sealed in the database"


def test_the_second_factor_is_asked_for_at_the_next_sign_in_and_of_a_session_that_skipped_it(client: Client) -> None:
    reviewer = sign_in(client)
    make_reviewer(reviewer)
    key = secret_of(client)
    client.post("/accounts/2fa/totp/activate/", {"code": app_code(key)})
    again = Client()
    again.post("/accounts/login/", {"email": ALICE})
    answer = again.post(CONFIRM, {"code": newest_code()})
    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in again.session
    skipped = Client()
    skipped.force_login(reviewer)
    assert skipped.get("/review/trial/").headers["Location"].startswith("/accounts/2fa/reauthenticate/")


def test_staff_pages_ask_for_the_second_factor_again_after_a_working_day(client: Client) -> None:
    make_reviewer(sign_in(client))
    client.post("/accounts/2fa/totp/activate/", {"code": app_code(secret_of(client))})
    start = clock.now()
    for hours, status in ((11, 200), (13, 302)):
        with clock.frozen(start + dt.timedelta(hours=hours)):
            assert client.get("/review/trial/").status_code == status


def test_setting_up_a_second_factor_needs_fresh_proof(client: Client) -> None:
    client.force_login(accounts.find_or_create(ALICE))
    assert client.get("/accounts/2fa/totp/activate/").headers["Location"].startswith("/accounts/fresh/")


def test_whoever_set_up_an_app_sees_the_recovery_codes_without_another_code(client: Client) -> None:
    sign_in(client)
    code = app_code(secret_of(client))
    there = client.post("/accounts/2fa/totp/activate/", {"code": code}).headers["Location"]
    assert client.get(there).status_code == 200


def test_a_site_administrator_needs_it_for_the_admin_and_a_researcher_never(client: Client) -> None:
    administrator = sign_in(client)
    User.objects.filter(pk=administrator.pk).update(is_staff=True, is_superuser=True)
    assert client.get("/admin/").headers["Location"].startswith("/accounts/2fa/totp/activate/")
    with override_settings(STAFF_MFA_REQUIRED=False):
        assert client.get("/admin/").status_code == 200
    researcher = Client()
    sign_in(researcher, "bob@uni.example")
    assert researcher.get("/review/trial/").status_code == 200
    assert researcher.get("/account/").status_code == 200


def test_the_admin_shows_people_and_nothing_of_the_domain(client: Client) -> None:
    administrator = accounts.find_or_create("dan@lab.example")
    User.objects.filter(pk=administrator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(administrator)
    with override_settings(STAFF_MFA_REQUIRED=False):
        page = client.get("/admin/").content.decode()
        person = client.get(f"/admin/agreements/user/{administrator.pk}/change/").content.decode()
        assert client.get("/admin/agreements/user/add/").status_code == 403
    for word in ("Grant", "Application", "Dataset", "Group", "Email addresses"):
        assert word not in page
    assert 'name="password"' not in person
    assert 'name="email"' not in person


def test_closing_an_account_in_the_admin_ends_its_sessions(client: Client) -> None:
    administrator = accounts.find_or_create("dan@lab.example")
    User.objects.filter(pk=administrator.pk).update(is_staff=True, is_superuser=True)
    alice = accounts.find_or_create(ALICE)
    before = alice.password
    client.force_login(administrator)
    with override_settings(STAFF_MFA_REQUIRED=False):
        client.post(f"/admin/agreements/user/{alice.pk}/change/", {"is_staff": ""})
    alice.refresh_from_db()
    assert not alice.is_active
    assert alice.password != before


def test_a_taken_away_role_and_ended_sessions_mean_signed_out(client: Client) -> None:
    reviewer = sign_in(client)
    end_sessions(reviewer)
    assert client.get("/secret/").headers["Location"].startswith("/accounts/login/")
