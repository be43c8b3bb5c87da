"""Agreeing to new terms where it does not work out: nothing but a press of a button agrees, and a no always counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from agreements.applications.models import State
from agreements.grants.models import Grant, TermsConsent
from agreements.grants.terms_change import campaigns
from agreements.vault import stores
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in
from tests.web.terms_things import asked
from tests.web.test_consent_pages import ticked
from tests.web.test_opening_pages import text_of
from tests.web.test_renewal_pages import code


class _Key:
    """The key of this server, which can be taken away and put back."""

    def __init__(self, settings: Any, nothing: Path) -> None:
        self._settings, self._nothing, self._there = settings, nothing, settings.SIGNING_KEY

    def lose(self) -> None:
        self._settings.SIGNING_KEY = self._nothing

    def find(self) -> None:
        self._settings.SIGNING_KEY = self._there


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


@pytest.fixture
def consent(scene: Scene, grant: Grant) -> TermsConsent:
    return asked(scene, grant)


@pytest.fixture
def page(grant: Grant) -> str:
    return f"/grants/{grant.reference}/terms/"


@pytest.fixture
def alice(scene: Scene) -> Client:
    return signed_in(scene.alice)


@pytest.fixture
def key(settings: Any, tmp_path: Path) -> _Key:
    return _Key(settings, tmp_path / "nothing.p12")


def version_of(grant: Grant) -> str:
    return Grant.objects.select_related("terms").get(pk=grant.pk).terms.version


class _Full:
    def put(self, *given: Any) -> None:
        raise OSError("no room")


def test_without_a_signing_key_the_page_says_so_and_agrees_at_the_next_press(
    alice: Client, grant: Grant, consent: TermsConsent, page: str, key: _Key
) -> None:
    alice.post(page, ticked(consent))
    key.lose()
    refused = alice.post(page, {"action": "check", "code": code()})
    assert refused.status_code == 503
    assert "You have not agreed to anything yet" in text_of(refused)
    assert "Try again" in text_of(refused)
    key.find()
    shown = alice.get(page)
    assert shown.status_code == 200
    assert "with the button you agree" in text_of(shown)
    assert version_of(consent.grant) == "1.0"
    assert alice.post(page, {"action": "confirm"})["Location"] == f"/grants/{grant.reference}/"
    assert version_of(grant) == "1.1"


@pytest.mark.parametrize("method", ["get", "head"])
def test_what_only_looks_at_the_page_agrees_to_nothing(
    alice: Client, consent: TermsConsent, page: str, key: _Key, method: str
) -> None:
    alice.post(page, ticked(consent))
    key.lose()
    alice.post(page, {"action": "check", "code": code()})
    key.find()
    assert getattr(alice, method)(page).status_code == 200
    assert alice.post(page, {"action": "send"}).status_code == 200, "asking for a code agrees to nothing either"
    assert version_of(consent.grant) == "1.0"


def test_a_store_that_is_full_is_told_on_the_page(
    alice: Client, grant: Grant, consent: TermsConsent, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.post(page, ticked(consent))
    typed = code()
    with monkeypatch.context() as patched:
        patched.setattr(stores, "papers", _Full)
        refused = alice.post(page, {"action": "check", "code": typed})
    assert refused.status_code == 503
    assert "our store is full or does not answer" in text_of(refused)
    assert alice.post(page, {"action": "confirm"}).status_code == 302
    assert version_of(grant) == "1.1"


def test_a_dataset_that_is_shut_is_told_on_the_page_and_does_not_loop(
    alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    alice.post(page, ticked(consent))
    type(grant.dataset).objects.update(shut_at=consent.asked_at)
    refused = alice.post(page, {"action": "check", "code": code()})
    assert refused.status_code == 409
    assert alice.get(page).status_code == 200
    assert version_of(consent.grant) == "1.0"


@pytest.mark.parametrize("given", ["ticks", "send"])
def test_without_a_signing_key_no_code_is_mailed_and_the_ticks_stay(
    alice: Client, consent: TermsConsent, page: str, key: _Key, given: str
) -> None:
    key.lose()
    mail.outbox.clear()
    refused = alice.post(page, ticked(consent))
    if given == "send":
        refused = alice.post(page, {"action": "send"})
    assert refused.status_code == 503
    assert "Mail me a code" in text_of(refused)
    assert mail.outbox == []
    key.find()
    assert alice.post(page, {"action": "send"}).status_code == 302
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("how_far", ["nothing", "ticked", "typed"])
def test_a_no_is_taken_at_every_step_also_without_a_signing_key(
    alice: Client, consent: TermsConsent, page: str, key: _Key, how_far: str
) -> None:
    if how_far != "nothing":
        alice.post(page, ticked(consent))
    key.lose()
    if how_far == "typed":
        alice.post(page, {"action": "check", "code": code()})
    assert "I do not agree…" in text_of(alice.get(page))
    assert "It is noted that you do not agree." in text_of(alice.post(page, {"action": "decline"}, follow=True))
    consent.refresh_from_db()
    assert consent.answer == "declined"
    assert campaigns.counts(consent.campaign).declined == 1
    assert "The code was right" not in text_of(alice.get(page)), "the code was for a yes, which she took back"
