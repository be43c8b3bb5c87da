"""Ticks, name and drawing wait in the session for the code that confirms them, and no longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from agreements.applications import drafting, signing, withdrawing
from agreements.applications.models import Application, BrowserSignature, SignedCopy
from agreements.core import clock
from agreements.flows.agreement_issue import issue_agreement
from agreements.vault import stores
from tests.flows.scene import DETAILS, SITE, Scene, signed_in
from tests.web.test_signing_pages import NOON, TYPED, code, form, said


@pytest.fixture
def application(scene: Scene) -> Iterator[Application]:
    """Alice's, at noon, when she is about to confirm what she filled in."""
    by = scene.alice.actor
    with clock.frozen(NOON):
        draft = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
        drafting.save(application=draft, fields=DETAILS | SITE, by=by)
        issue_agreement(application=draft, by=by)
        yield draft


@pytest.fixture
def page(application: Application) -> str:
    return f"/applications/{application.reference}/sign/"


@pytest.fixture
def alice(scene: Scene, page: str) -> Client:
    client = signed_in(scene.alice)
    client.post(page, form())
    return client


def test_it_goes_with_the_next_page_once_the_codes_minutes_are_over(alice: Client, page: str) -> None:
    late = {"action": "check", "code": code()}
    with clock.frozen(NOON + dt.timedelta(minutes=14)):
        alice.get("/account/")
        assert "signing" in alice.session
    with clock.frozen(NOON + dt.timedelta(minutes=16)):
        alice.get("/account/")
        assert "signing" not in alice.session
        assert "kept for 15 minutes, which are over" in said(alice.post(page, late, follow=True))
    assert not SignedCopy.objects.exists()


def test_a_second_code_keeps_it_as_long_as_that_one_works(alice: Client, page: str) -> None:
    with clock.frozen(NOON + dt.timedelta(minutes=10)):
        alice.post(page, {"action": "send"})
    with clock.frozen(NOON + dt.timedelta(minutes=20)):
        alice.post(page, {"action": "check", "code": code()})
    assert BrowserSignature.objects.exists()


def test_it_goes_where_the_application_has_ended(
    scene: Scene, alice: Client, page: str, application: Application
) -> None:
    withdrawing.withdraw(application=application, by=scene.alice.actor)
    alice.post(page, form())
    assert "signing" not in alice.session


class _Away:
    """A store that is out of reach."""

    def put(self, *_given: object) -> None:
        raise OSError("no room")

    def open_range(self, *_given: object) -> None:
        raise OSError("no answer")


def test_without_a_signing_key_no_code_is_mailed(alice: Client, page: str, settings: Any, tmp_path: Path) -> None:
    settings.SIGNING_KEY = tmp_path / "nothing.p12"
    before = len(mail.outbox)
    again = alice.post(page, {"action": "send"})
    assert again.status_code == 503
    assert "signing key" in said(again)
    assert alice.post(page, form(**TYPED)).status_code == 422
    assert len(mail.outbox) == before


@pytest.mark.parametrize("missing", ["key", "store"])
def test_what_is_refused_after_the_code_is_said_there_and_signed_at_the_next_press(
    alice: Client, page: str, missing: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = settings.SIGNING_KEY
    if missing == "key":
        settings.SIGNING_KEY = there.with_name("nowhere.p12")
    else:
        monkeypatch.setattr(stores, "papers", _Away)
    refused = alice.post(page, {"action": "check", "code": code()})
    assert refused.status_code == 503
    assert "Nothing was signed" in said(refused)
    assert "Try again" in said(refused)
    settings.SIGNING_KEY = there
    monkeypatch.undo()
    assert "was right; nothing was signed yet" in said(alice.get(page))
    alice.head(page)
    alice.get(page, {"action": "confirm"})
    alice.post(page, {"action": "send"})
    assert not SignedCopy.objects.exists(), "only a press of the button signs"
    alice.post(page, {"action": "confirm"})
    assert SignedCopy.objects.count() == 1


def test_a_limit_that_was_reached_meanwhile_is_said_there(
    alice: Client, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "COPIES_PER_DAY", 0)
    refused = alice.post(page, {"action": "check", "code": code()})
    assert refused.status_code in {409, 429}
    assert "Upload the next one tomorrow" in said(refused)
