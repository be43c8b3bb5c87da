"""My access, through the pages."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.grants import lifecycle, links
from agreements.grants.models import Grant, Link
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.web import proofs
from tests.applications.cases import SYSTEM, put
from tests.flows.scene import Scene, signed_in


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


@pytest.fixture
def alice(scene: Scene, grant: Grant) -> Client:
    return signed_in(scene.alice)


def test_the_password_is_shown_on_fresh_proof_by_post_only_and_each_time_recorded(
    alice: Client, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/grants/{grant.reference}/password/"
    assert alice.post(address)["Location"].startswith("/accounts/fresh/")
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    pattern = r"data-copy=\"[0-9A-Z]{4}(-[0-9A-Z]{4}){4}\""
    assert not re.search(pattern, alice.get(address).content.decode())
    for number in (1, 2):
        shown = alice.post(address)
        assert re.search(pattern, shown.content.decode())
        assert "no-store" in shown["Cache-Control"]
        assert shown["Referrer-Policy"] == "no-referrer"
        assert LedgerEntry.objects.filter(kind="password.revealed").count() == number


def test_a_fresh_link_is_mailed_and_an_ended_one_is_dead(scene: Scene, alice: Client, grant: Grant) -> None:
    link = Link.objects.get()
    landing = f"/l/{links.token(link)}"
    assert Client().get(landing).status_code == 200
    assert alice.post(f"/grants/{grant.reference}/links/{link.archive_id}/fresh/").status_code == 302
    assert OutboxMessage.objects.filter(kind="link-fresh", recipient=scene.alice.email).count() == 1
    assert alice.post(f"/grants/{grant.reference}/links/{link.pk}/end/").status_code == 302
    assert Client().get(landing).status_code == 404
    assert alice.post(f"/grants/{grant.reference}/links/{link.pk}/end/").status_code == 404


def test_a_link_with_one_character_changed_is_dead_wherever_it_is_changed(grant: Grant) -> None:
    token = links.token(Link.objects.get())
    for place in (0, len(token) // 2, len(token) - 1):
        changed = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
        assert Client().get(f"/l/{changed}").status_code == 404


def test_under_a_suspended_access_nothing_is_offered(
    alice: Client, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.suspend(grant=grant, by=SYSTEM, cause="address", reason="x")
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    page = alice.get(f"/grants/{grant.reference}/").content.decode()
    assert "Nothing can be downloaded under this access at present." in page
    assert "/l/" not in page
    shown = alice.post(f"/grants/{grant.reference}/password/").content.decode()
    assert "data-copy" not in shown
    link = Link.objects.get()
    alice.post(f"/grants/{grant.reference}/links/{link.archive_id}/fresh/")
    assert Link.objects.count() == 1


def test_an_access_of_ones_own_is_the_only_one_listed(scene: Scene, alice: Client, grant: Grant) -> None:
    assert grant.reference in alice.get("/grants/").content.decode()
    for other in (scene.bob, scene.carol, scene.dan, scene.eve):
        assert grant.reference not in signed_in(other).get("/grants/").content.decode()
