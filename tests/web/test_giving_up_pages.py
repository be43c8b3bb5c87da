"""Giving up an access through the pages: found, the consequence read, the mailbox proven, one press."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.grants.models import Grant, GrantState
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in
from tests.web.destructions import prove
from tests.web.opening_things import bring_in
from tests.web.terms_things import asked
from tests.web.test_member_pages import joined
from tests.web.test_opening_pages import text_of


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


@pytest.fixture
def page(grant: Grant) -> str:
    return f"/grants/{grant.reference}/giving-up/"


@pytest.fixture
def alice(scene: Scene) -> Client:
    return signed_in(scene.alice)


def test_from_the_page_of_the_access_to_its_end(scene: Scene, alice: Client, grant: Grant, page: str) -> None:
    joined(grant, scene.bob)
    here = f"/grants/{grant.reference}/"
    assert f'href="{page}"' in alice.get(here).content.decode()
    said = text_of(alice.get(page))
    for words in (
        f"Access {grant.reference} ends at once, for good: links and password stop",
        "It ends for the member who shares it as well",
        "Every copy has to be destroyed within 14 days, by",
        "It cannot be renewed.",
    ):
        assert words in said, words
    assert "Nothing ends yet" in said
    assert alice.post(page)["Location"] == f"/accounts/fresh/?{urlencode({'next': page})}"
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    prove(alice, scene.alice)
    assert "Give up this access for good" in text_of(alice.get(page))
    done = alice.post(page, follow=True)
    assert done.redirect_chain[-1][0] == here
    assert f"Access {grant.reference} has ended. Destroy every copy by" in text_of(done)
    assert "This access ended because it is no longer used" in text_of(done)
    assert page not in done.content.decode()
    assert alice.post(page).status_code == 422
    assert "ended already" in text_of(alice.get(page))


def test_the_page_of_new_terms_leads_there(scene: Scene, alice: Client, grant: Grant, page: str) -> None:
    asked(scene, grant)
    terms = f"/grants/{grant.reference}/terms/"
    assert f'<a href="{page}">give up this access</a>' in alice.get(terms).content.decode()
    alice.post(terms, {"action": "decline"})
    assert f'<a href="{page}">give up this access</a>' in alice.get(terms).content.decode()


def test_a_member_has_no_such_page(scene: Scene, grant: Grant, page: str) -> None:
    joined(grant, scene.bob)
    bob = signed_in(scene.bob)
    assert page not in bob.get(f"/grants/{grant.reference}/").content.decode()
    assert bob.get(page).status_code == 404
    assert bob.post(page).status_code == 404


def test_what_was_brought_in_is_answered_on_its_own_page(scene: Scene) -> None:
    brought = bring_in(scene, scene.eve)
    answer = signed_in(scene.eve).get(f"/grants/{brought.reference}/giving-up/")
    assert answer["Location"] == f"/grants/{brought.reference}/confirm/"
