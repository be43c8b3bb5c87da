"""Moving through the pages: the consequence first, the new address proven, one press, and the new draft."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client

from agreements.applications import drafting
from agreements.applications.models import Application, State
from agreements.core import clock
from agreements.grants.models import Grant, GrantState
from agreements.revocation.models import Procedure
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in
from tests.web.test_member_pages import joined

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
NEW = "alice@inf.ethz.ch"
WHERE = {"email": NEW, "reason": "I go to Zürich in April."}


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def grant(noon: None, scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


@pytest.fixture
def page(grant: Grant) -> str:
    return f"/grants/{grant.reference}/moving/"


@pytest.fixture
def alice(scene: Scene, grant: Grant) -> Client:
    return signed_in(scene.alice)


def code() -> str:
    found = re.search(r"^    (\S{3}-\S{3})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None, mail.outbox[-1].body
    return found[1]


def prove_new_address(browser: Client, page: str) -> None:
    browser.post(page, WHERE)
    browser.post(page, {"action": "send"})
    assert mail.outbox[-1].to == [NEW]
    browser.post(page, {"action": "check", "code": code()})


def test_from_the_page_of_the_access_to_the_new_draft(scene: Scene, alice: Client, grant: Grant, page: str) -> None:
    joined(grant, scene.bob)
    here = f"/grants/{grant.reference}/"
    assert f'href="{page}"' in alice.get(here).content.decode()
    asked = alice.get(page).content.decode()
    for words in (
        f"Access {grant.reference} ends at once, for good",
        "It ends for the member who shares it as well",
        "has to be destroyed within 14 days",
        "Termination",
    ):
        assert words in asked, words
    assert alice.post(page, WHERE)["Location"] == page
    assert "Prove the new address" in alice.get(page).content.decode()
    assert "End my access" not in alice.get(page).content.decode()
    prove_new_address(alice, page)
    assert "to confirm that this mailbox is yours." in mail.outbox[-1].body
    ready = alice.get(page).content.decode()
    assert "End my access and apply from the new place" in ready
    assert "I go to Zürich in April." in ready
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    went = alice.post(page, {"action": "confirm"})
    draft = Application.objects.get(state=State.DRAFT)
    assert went["Location"] == f"/applications/{draft.reference}/"
    assert (draft.email, draft.organization) == (NEW, "")
    overview = alice.get(went["Location"]).content.decode()
    assert f"<dd>{NEW}</dd>" in overview
    assert f'your access <a class="ref" href="{here}">{grant.reference}</a>' in overview
    assert "which ended with your move on 2 March 2026" in overview
    shown = alice.get(here).content.decode()
    assert "This access ended when its holder moved" in shown
    assert page not in shown
    assert "Invite and manage members" not in shown
    assert "nothing more can be done with it" in alice.get(page).content.decode()
    assert alice.post(page, {"action": "confirm"}).status_code == 422
    assert Procedure.objects.count() == 1


def test_without_the_proof_nothing_ends(alice: Client, grant: Grant, page: str) -> None:
    alice.post(page, {"action": "confirm"})
    alice.post(page, WHERE)
    alice.post(page, {"action": "confirm"})
    alice.post(page, {"action": "check", "code": "222-222"})
    alice.post(page, {"action": "confirm"})
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE


def test_a_proof_of_one_address_is_none_of_another(alice: Client, grant: Grant, page: str) -> None:
    prove_new_address(alice, page)
    alice.post(page, {"action": "back"})
    alice.post(page, WHERE | {"email": "alice@mit.edu"})
    alice.post(page, {"action": "confirm"})
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    assert "Prove the new address" in alice.get(page).content.decode()


def test_nor_is_a_proof_of_the_old_address_one_of_the_new(alice: Client, grant: Grant, page: str) -> None:
    address = f"/grants/{grant.reference}/address/"
    alice.post(address, {"action": "send"})
    alice.post(address, {"action": "check", "code": code()})
    alice.post(page, WHERE)
    assert "Prove the new address" in alice.get(page).content.decode()


def test_what_cannot_be_is_said_at_the_form(alice: Client, page: str) -> None:
    refused = alice.post(page, {"email": "alice", "reason": ""})
    assert refused.status_code == 422
    assert 'value="alice"' in refused.content.decode()


def test_the_address_one_has_is_no_new_one_and_no_code_is_mailed_to_it(alice: Client, page: str) -> None:
    mail.outbox.clear()
    refused = alice.post(page, WHERE | {"email": "Alice+new@connect.ust.hk"})
    assert refused.status_code == 422
    assert "You have this address already" in refused.content.decode()
    alice.post(page, {"action": "send"})
    assert not mail.outbox


def test_with_an_application_under_way_it_says_what_to_do_first(
    scene: Scene, alice: Client, grant: Grant, page: str
) -> None:
    running = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    shown = alice.get(page).content.decode()
    assert f"You have application {running.reference} under way" in shown
    assert alice.post(page, WHERE).status_code == 422


def test_it_is_the_holders_alone(scene: Scene, grant: Grant, page: str) -> None:
    joined(grant, scene.bob)
    for who in (scene.bob, scene.dan, scene.carol, scene.eve):
        assert signed_in(who).get(page).status_code == 404
    assert page not in signed_in(scene.bob).get(f"/grants/{grant.reference}/").content.decode()
