"""Ticks, name and drawing wait in the session for the code that confirms them, and no longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client

from agreements.applications import drafting, withdrawing
from agreements.applications.models import Application, BrowserSignature, SignedCopy
from agreements.core import clock
from agreements.flows.agreement_issue import issue_agreement
from tests.flows.scene import DETAILS, SITE, Scene, signed_in
from tests.web.test_signing_pages import NOON, code, form, said


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
