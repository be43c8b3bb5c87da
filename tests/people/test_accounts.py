"""Accounts and sessions."""

from __future__ import annotations

import pytest
from django.test import Client

from agreements.core import actors
from agreements.core.errors import Invalid, NotAllowed
from agreements.people import accounts
from agreements.people.models import User
from agreements.people.sessions import end_sessions

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return accounts.find_or_create("Alice@Uni.Example ", language="zh-hans")


def test_an_account_is_made_once_whatever_the_case_of_its_address(alice: User) -> None:
    assert accounts.find_or_create("ALICE@uni.example") == alice
    assert (alice.email, alice.language) == ("alice@uni.example", "zh-hans")
    assert not alice.has_usable_password()


def test_a_language_that_is_not_offered_becomes_english() -> None:
    assert accounts.find_or_create("bob@uni.example", language="tlh").language == "en"


@pytest.mark.parametrize("name", ["王小明", "Şükrü O’Brien-Łoś", "علی‌رضا", "Ada 👩‍🔬", ""])
def test_names_of_many_scripts_are_kept_as_typed(alice: User, name: str) -> None:
    accounts.change_profile(user=alice, name=f" {name}  ", language="en", time_zone="Asia/Shanghai", by=alice.actor)
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == (name, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"language": "xx"}, "language"),
        ({"time_zone": "../etc"}, "time_zone"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(alice: User, change: dict[str, str], field: str) -> None:
    wanted = {"name": "Alice", "language": "en", "time_zone": "UTC"} | change
    with pytest.raises(Invalid) as refused:
        accounts.change_profile(user=alice, by=alice.actor, **wanted)
    assert refused.value.field == field


def test_nobody_else_changes_my_profile(alice: User) -> None:
    eve = accounts.find_or_create("eve@elsewhere.example")
    with pytest.raises(NotAllowed):
        accounts.change_profile(user=alice, name="Eve", language="en", time_zone="UTC", by=eve.actor)


def test_only_set_up_makes_the_first_administrator(alice: User) -> None:
    with pytest.raises(NotAllowed):
        accounts.make_administrator(user=alice, by=alice.actor)
    accounts.make_administrator(user=alice, by=actors.job("setup"))
    assert User.objects.get(is_staff=True) == alice


def test_ending_sessions_signs_out_every_browser_on_its_next_request(alice: User) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(alice)
        assert browser.get("/account/").status_code == 200
    end_sessions(alice)
    assert [browser.get("/account/").status_code for browser in browsers] == [302, 302]


def test_a_closed_account_is_signed_out_on_the_next_request(alice: User, client: Client) -> None:
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/account/").status_code == 302
