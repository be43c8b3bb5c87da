"""Signing in, as a person sees it and as somebody who wants to get in as somebody else."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client, override_settings

from agreements.core import clock
from agreements.people import accounts
from agreements.people.models import User
from agreements.web import limits
from agreements.web.own_paths import own_path

pytestmark = pytest.mark.django_db
ALICE = "alice@uni.example"
ASK, CONFIRM = "/accounts/login/", "/accounts/login/code/confirm/"
DEAD_SMTP = {
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_PORT": 9,
}


def ask(browser: Client, address: str = ALICE, **more: str):  # type: ignore[no-untyped-def]
    return browser.post(ASK, {"email": address, **more})


def newest_code(address: str = ALICE) -> str:
    text = next(message.body for message in reversed(mail.outbox) if message.to == [address])
    return re.search(r"^ +(\w{3}-\w{3})$", str(text), re.MULTILINE)[1]  # type: ignore[index]


def confirm(browser: Client, code: str):  # type: ignore[no-untyped-def]
    return browser.post(CONFIRM, {"code": code})


def signed_in_as(browser: Client) -> str | None:
    key = browser.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else None


def test_a_newcomer_signs_in_with_address_and_code_and_has_an_account_then(client: Client) -> None:
    assert ask(client, " Alice@Uni.Example ").headers["Location"] == CONFIRM
    assert not User.objects.exists()
    assert ALICE in client.get(CONFIRM).content.decode()
    response = confirm(client, newest_code())
    assert response.headers["Location"] == "/"
    assert signed_in_as(client) == ALICE == User.objects.get().email
    assert "sign_in" not in client.session


def test_the_second_time_it_is_the_same_account(client: Client) -> None:
    alice = accounts.find_or_create(ALICE)
    ask(client)
    confirm(client, newest_code())
    assert User.objects.get() == alice


def test_known_and_unknown_addresses_get_the_same_answers_and_the_same_mail() -> None:
    accounts.find_or_create(ALICE)
    closed = accounts.find_or_create("bob@uni.example")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    seen = []
    for address in (ALICE, "bob@uni.example", "eve@uni.example"):
        browser = Client()
        asked = ask(browser, address)
        page = browser.get(CONFIRM).content.decode().replace(address, "X")
        wrong = confirm(browser, "AAA-AAA").content.decode().replace(address, "X")
        text = mail.outbox[-1].body.replace(newest_code(address), "CODE")
        pages = [re.sub(r'value="\w{64}"', "", part) for part in (page, wrong)]
        seen.append((asked.status_code, asked.headers["Location"], mail.outbox[-1].subject, text, *pages))
    assert seen[0] == seen[1] == seen[2]


def test_nothing_is_looked_up_before_the_code_is_right(client: Client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        ask(client)
    assert not [query["sql"] for query in queries if "agreements_user" in query["sql"]]


def test_a_closed_account_is_told_so_only_after_the_right_code(client: Client) -> None:
    User.objects.filter(pk=accounts.find_or_create(ALICE).pk).update(is_active=False)
    ask(client)
    assert confirm(client, newest_code()).headers["Location"] == "/accounts/inactive/"
    assert signed_in_as(client) is None


def test_a_used_code_does_not_work_again(client: Client) -> None:
    ask(client)
    code = newest_code()
    stolen = client.session["sign_in"]
    confirm(client, code)
    other = Client()
    ask(other, "eve@elsewhere.example")
    session = other.session
    session["sign_in"] = stolen
    session.save()
    assert "used already" in confirm(other, code).content.decode()
    assert signed_in_as(other) is None


def test_a_late_code_gets_a_clear_message_and_a_way_to_another(client: Client) -> None:
    with clock.frozen(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)):
        ask(client)
    page = confirm(client, newest_code()).content.decode()
    assert "expired" in page
    assert 'value="resend"' in page
    assert client.post(CONFIRM, {"action": "resend"}).headers["Location"] == CONFIRM
    assert confirm(client, newest_code()).status_code == 302
    assert signed_in_as(client) == ALICE


def test_after_another_code_the_one_before_is_worth_nothing(client: Client) -> None:
    ask(client)
    first = newest_code()
    client.post(CONFIRM, {"action": "resend"})
    assert first != newest_code()
    assert "newest mail" in confirm(client, first).content.decode()


def test_somebody_elses_code_opens_nothing(client: Client) -> None:
    eve = Client()
    ask(client)
    ask(eve, "eve@elsewhere.example")
    confirm(eve, newest_code(ALICE))
    assert signed_in_as(eve) is None
    assert confirm(client, newest_code()).status_code == 302


def test_guessing_ends_after_five_tries_without_hurting_the_owner(client: Client) -> None:
    eve = Client()
    ask(eve, ALICE)
    for _ in range(5):
        page = confirm(eve, "AAA-AAA").content.decode()
    assert "Too many wrong codes" in page
    confirm(eve, newest_code())
    assert signed_in_as(eve) is None
    ask(client)
    confirm(client, newest_code())
    assert signed_in_as(client) == ALICE


def test_codes_for_one_address_are_limited_and_another_address_is_not(client: Client) -> None:
    answers = [ask(client).status_code for _ in range(7)]
    assert answers == [302] * 6 + [429]
    assert len(mail.outbox) == 6
    assert ask(Client(), "bob@uni.example").status_code == 302


def test_tries_are_limited_across_sessions() -> None:
    statuses = set()
    for _ in range(6):
        browser = Client()
        ask(browser)
        with override_settings(ACCOUNT_RATE_LIMITS={"code_try": "10/10m/key", "emailed_code": "100/m/key"}):
            statuses |= {confirm(browser, "AAA-AAA").status_code for _ in range(4)}
    assert 429 in statuses


def test_a_get_never_sends_a_mail_nor_signs_in(client: Client) -> None:
    client.get(ASK, {"email": ALICE})
    assert mail.outbox == []
    ask(client)
    client.get(CONFIRM, {"code": newest_code()})
    assert signed_in_as(client) is None


def test_when_the_mail_server_is_down_the_address_is_kept_and_said_so(client: Client) -> None:
    with override_settings(**DEAD_SMTP):
        response = ask(client)
    page = response.content.decode()
    assert response.status_code == 503
    assert f'value="{ALICE}"' in page
    assert "try again" in page
    assert ask(client).status_code == 302


def test_when_the_mail_server_is_down_another_code_is_refused_and_the_old_one_still_works(client: Client) -> None:
    ask(client)
    with override_settings(**DEAD_SMTP):
        assert client.post(CONFIRM, {"action": "resend"}).status_code == 503
    confirm(client, newest_code())
    assert signed_in_as(client) == ALICE


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///x",
        "\t//evil.example",
    ],
)
def test_next_leads_nowhere_else(client: Client, target: str) -> None:
    assert own_path(target) is None
    client.post(f"{ASK}?next={target}", {"email": ALICE, "next": target})
    assert confirm(client, newest_code()).headers["Location"] == "/"
    assert client.get(ASK, {"next": target}).headers["Location"] == "/"


def test_next_leads_to_our_own_page(client: Client) -> None:
    ask(client, next="/account/?a=1")
    assert confirm(client, newest_code()).headers["Location"] == "/account/?a=1"


def test_addresses_in_the_mail_come_from_the_settings_not_from_the_request(client: Client) -> None:
    with override_settings(ALLOWED_HOSTS=["*"], SITE_URL="https://data.lab.example"):
        client.post(ASK, {"email": ALICE}, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    whole = mail.outbox[-1].message().as_string() + mail.outbox[-1].body
    assert "evil.example" not in whole
    assert "https://data.lab.example/" in whole


def test_the_code_stands_in_the_body_only_and_in_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    ask(client)
    assert newest_code() not in mail.outbox[-1].subject
    assert newest_code() not in caplog.text


def test_signing_in_changes_the_session_key(client: Client) -> None:
    ask(client)
    planted = client.session.session_key
    confirm(client, newest_code())
    assert client.session.session_key != planted
    assert not client.session.exists(str(planted))


@pytest.mark.parametrize(
    "path",
    ["signup/", "password/reset/", "password/change/", "password/set/", "reauthenticate/", "email/", "confirm-email/"],
)
def test_there_is_no_password_page_and_no_second_way_in(client: Client, path: str) -> None:
    client.force_login(accounts.find_or_create(ALICE))
    assert client.get(f"/accounts/{path}").status_code == 404


def test_a_password_signs_nobody_in(client: Client) -> None:
    User.objects.create_superuser("dan@lab.example", "correct horse battery staple")
    for path in (ASK, "/admin/login/"):
        client.post(
            path,
            {
                "login": "dan@lab.example",
                "username": "dan@lab.example",
                "email": "dan@lab.example",
                "password": "correct horse battery staple",
            },
        )
        assert signed_in_as(client) is None


@pytest.mark.parametrize(
    "typed", ["", "not an address", "a@b", "a" * 300 + "@uni.example", "a\nBcc: b@c.example@uni.example"]
)
def test_what_is_no_address_is_said_so_and_nothing_is_sent(client: Client, typed: str) -> None:
    response = ask(client, typed)
    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert mail.outbox == []


def test_the_mail_is_in_the_language_of_the_browser_for_everybody(client: Client) -> None:
    accounts.find_or_create(ALICE, language="zh-hans")
    client.post(ASK, {"email": ALICE}, headers={"accept-language": "en"})
    client.post(ASK, {"email": "eve@elsewhere.example"}, headers={"accept-language": "en"})
    assert mail.outbox[0].subject == mail.outbox[1].subject


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6", "6.6.6.6"),
        (1, "1.1.1.1, 6.6.6.6", "6.6.6.6"),
        (2, "1.1.1.1, 6.6.6.6, 10.0.0.1", "6.6.6.6"),
        (2, "6.6.6.6", "127.0.0.1"),
        (1, "made up", "0.0.0.0"),
    ],
)
def test_the_client_address_is_what_our_proxies_saw(rf, proxies: int, forwarded: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    with override_settings(TRUSTED_PROXIES=proxies):
        assert limits.client_address(rf.get("/", headers={"x-forwarded-for": forwarded})) == expected
