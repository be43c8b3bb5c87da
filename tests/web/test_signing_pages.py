"""Signing through the pages: each clause, the signature, the code, and nothing lost or signed unseen on the way."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from agreements.applications import drafting, signing, submission, withdrawing
from agreements.applications.models import Application, BrowserSignature, SignedCopy
from agreements.core import clock
from agreements.documents.models import IssuedAgreement
from agreements.flows.agreement_issue import issue_agreement
from tests.flows.scene import DETAILS, SITE, Scene, signed_in

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
STROKES = json.dumps([[[100, 200], [180, 80], [260, 200], [340, 90]], [[420, 150], [600, 160], [800, 140]]])
TICKS = {"clause-research-only": "on", "clause-termination": "on"}
TYPED = {"manner": "typed", "name": "Alice Zhang", "typed": "alice  zhang"}
DRAWN = {"manner": "drawn", "name": "Alice Zhang 张爱丽", "strokes": STROKES}


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def draft(noon: None, scene: Scene) -> Application:
    by = scene.alice.actor
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    return drafting.save(application=application, fields=DETAILS | SITE, by=by)


@pytest.fixture
def application(draft: Application, scene: Scene) -> Application:
    issue_agreement(application=draft, by=scene.alice.actor)
    return draft


@pytest.fixture
def page(draft: Application) -> str:
    return f"/applications/{draft.reference}/sign/"


@pytest.fixture
def alice(scene: Scene, draft: Application) -> Client:
    return signed_in(scene.alice)


def issued() -> IssuedAgreement:
    return IssuedAgreement.objects.select_related("document").latest("pk")


def form(**given: str) -> dict[str, str]:
    return {"issued": issued().document.sha256, **TICKS, **DRAWN, **given}


def code() -> str:
    found = re.search(r"^    (\S{3}-\S{3})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None, mail.outbox[-1].body
    return found[1]


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_drawn_and_confirmed_it_is_signed(alice: Client, page: str, application: Application) -> None:
    first = said(alice.get(page))
    for words in (
        "Research only",
        "For research, not for business.",
        "2 clauses are left to accept.",
        "Terms, version 1.0",
    ):
        assert words in first, words
    assert alice.post(page, form())["Location"] == page
    assert mail.outbox[-1].to == ["alice@connect.ust.hk"]
    body = " ".join(str(mail.outbox[-1].body).split())
    assert f"to sign the release agreement of GeneBody: application {application.reference}, issue 1." in body
    assert "By typing it you accept that agreement in your name." in body
    assert "without the code nothing is signed" in body
    asked = said(alice.get(page))
    for words in ("You accepted all 2 clauses of terms 1.0", "Drawn signature of Alice Zhang 张爱丽", 'd="M100 200Q'):
        assert words in asked, words
    assert not SignedCopy.objects.exists()
    done = said(alice.post(page, {"action": "check", "code": code()}, follow=True))
    assert "You have signed the agreement." in done
    assert "Signed in the browser by Alice Zhang 张爱丽 on" in done
    assert f'href="/applications/{application.reference}/submit/"' in done
    kept = BrowserSignature.objects.get()
    assert (kept.manner, kept.network_address, kept.email) == ("drawn", "127.0.0.1", "alice@connect.ust.hk")
    assert "signing" not in alice.session
    assert "address_proven" not in alice.session


def test_typed_it_needs_no_script(alice: Client, page: str, application: Application) -> None:
    alice.post(page, form(**TYPED))
    assert "typed-signature" in said(alice.get(page))
    alice.post(page, {"action": "check", "code": code()})
    kept = BrowserSignature.objects.get()
    assert (kept.manner, kept.name, kept.strokes) == ("typed", "Alice Zhang", [])


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a clause without its tick": ({"clause-termination": ""}, "Not accepted yet"),
    "another name typed": ({**TYPED, "typed": "Bob Lee"}, "This is not the printed name, “Alice Zhang”"),
    "nothing typed": ({**TYPED, "typed": " "}, "Type your name: this is your signature."),
    "an emoji": ({"name": "Alice 😀"}, "😀 (grinning face)"),
    "nothing drawn": ({"strokes": ""}, "Nothing was drawn"),
    "no list": ({"strokes": '{"a": 1}'}, "The drawing could not be read"),
    "no numbers": ({"strokes": '[[["1", "2"], ["300", "4"]]]'}, "The drawing could not be read"),
    "endless numbers": ({"strokes": "[[[0, 0], [1e999, 4]]]"}, "The drawing could not be read"),
    "true for one": ({"strokes": "[[[true, 0], [300, 4]]]"}, "The drawing could not be read"),
    "deep": ({"strokes": "[" * 70_000}, "The drawing could not be read"),
    "no text at all": ({"strokes": "data:image/png;base64,iVBORw0KGgo="}, "The drawing could not be read"),
    "another manner": ({"manner": "stamped"}, "stamped is not one of the available choices"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_signature_is_said_and_everything_stays(
    alice: Client, page: str, application: Application, what: str
) -> None:
    given, words = REFUSED[what]
    answer = alice.post(page, {name: value for name, value in form(**given).items() if value})
    shown = said(answer)
    assert answer.status_code == 422
    assert words in shown, shown
    assert "Everything you filled in is still here." in shown
    assert 'name="clause-research-only"' in shown
    assert re.search(r'name="clause-research-only"[^>]* checked', shown)
    assert (len(mail.outbox), SignedCopy.objects.count()) == (0, 0)


def test_nothing_is_lost_over_wrong_codes_and_a_second_one(alice: Client, page: str, application: Application) -> None:
    alice.post(page, form())
    first = code()
    wrong = said(alice.post(page, {"action": "check", "code": "000-000"}))
    assert "This is not the code of the newest mail" in wrong
    assert "Your signature and your ticks are kept." in wrong
    alice.post(page, {"action": "send"})
    assert "This is not the code" in said(alice.post(page, {"action": "check", "code": first}))
    back = said(alice.get(f"{page}?change=yes"))
    assert "All clauses are accepted." in back
    assert STROKES.replace('"', "&quot;") in back
    alice.post(page, {"action": "check", "code": code()})
    assert BrowserSignature.objects.get().strokes == json.loads(STROKES)


def test_another_page_for_the_same_text_mails_no_second_code(
    alice: Client, page: str, application: Application
) -> None:
    alice.post(page, form())
    alice.post(page, form(**TYPED))
    assert len(mail.outbox) == 1
    alice.post(page, {"action": "check", "code": code()})
    assert BrowserSignature.objects.get().manner == "typed"


def test_pressing_twice_signs_once(alice: Client, page: str, application: Application) -> None:
    alice.post(page, form())
    typed = {"action": "check", "code": code()}
    alice.post(page, typed)
    assert alice.post(page, typed)["Location"] == page
    assert (SignedCopy.objects.count(), BrowserSignature.objects.count()) == (1, 1)
    assert "Sign it again" in said(alice.get(page))


class TestTampering:
    def test_nobody_else_sees_or_signs_it(self, scene: Scene, page: str, application: Application) -> None:
        for person in (scene.bob, scene.carol, scene.dan, scene.eve):
            other = signed_in(person)
            assert other.get(page).status_code == 404
            assert other.post(page, form()).status_code == 404
        assert not SignedCopy.objects.exists()

    def test_without_a_code_nothing_is_signed(self, alice: Client, page: str, application: Application) -> None:
        alice.post(page, form())
        for action in ("confirm", "check", "send"):
            alice.post(page, {"action": action, "code": "222-222"})
        assert not SignedCopy.objects.exists()

    def test_a_proof_is_spent_by_what_it_signed(self, alice: Client, page: str, application: Application) -> None:
        alice.post(page, form())
        spent = code()
        alice.post(page, {"action": "check", "code": spent})
        alice.post(page, form(**TYPED))
        assert len(mail.outbox) == 2
        alice.post(page, {"action": "confirm"})
        alice.post(page, {"action": "check", "code": spent})
        assert SignedCopy.objects.count() == 1

    def test_a_code_for_one_text_signs_no_other(
        self, scene: Scene, alice: Client, page: str, application: Application
    ) -> None:
        alice.post(page, form())
        early = code()
        drafting.save(application=application, fields={"city": "Kowloon"}, by=scene.alice.actor)
        answer = alice.post(page, {"action": "check", "code": early})
        assert answer.status_code == 422
        assert "Make my agreement and sign it" in said(answer)
        assert "What you filled in for the signature is kept" in said(answer)
        assert alice.post(page, {"action": "make"})["Location"] == page
        again = said(alice.get(page))
        assert "A newer agreement was made meanwhile." in again
        assert "All clauses are accepted." in again
        assert "A newer agreement" in said(alice.post(page, {"action": "check", "code": early}))
        alice.post(page, form())
        assert "No code has been sent yet" not in said(alice.get(page))
        assert len(mail.outbox) == 2
        alice.post(page, {"action": "check", "code": early})
        assert not SignedCopy.objects.exists()
        alice.post(page, {"action": "check", "code": code()})
        assert BrowserSignature.objects.get().issued == issued()

    def test_a_proof_for_one_text_signs_no_other(
        self, scene: Scene, alice: Client, page: str, application: Application, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alice.post(page, form())
        typed = code()
        monkeypatch.setattr(signing, "COPIES_PER_DAY", 0)
        tomorrow = said(alice.post(page, {"action": "check", "code": typed}, follow=True))
        assert "Upload the next one tomorrow" in tomorrow
        assert "was right; nothing was signed yet" in tomorrow
        monkeypatch.undo()
        drafting.save(application=application, fields={"city": "Kowloon"}, by=scene.alice.actor)
        issue_agreement(application=application, by=scene.alice.actor)
        alice.post(page, {"action": "confirm"})
        alice.post(page, form())
        alice.post(page, {"action": "confirm"})
        assert not SignedCopy.objects.exists()

    def test_a_page_of_an_earlier_issue_is_not_signed_unseen(
        self, scene: Scene, alice: Client, page: str, application: Application
    ) -> None:
        early = form()
        drafting.save(application=application, fields={"city": "Kowloon"}, by=scene.alice.actor)
        issue_agreement(application=application, by=scene.alice.actor)
        answer = alice.post(page, early)
        assert answer.status_code == 422
        assert "A newer agreement was made meanwhile: look at it" in said(answer)
        assert issued().document.sha256 in said(answer)
        assert mail.outbox == []

    def test_what_has_ended_or_is_handed_in_says_so(
        self, scene: Scene, alice: Client, page: str, application: Application
    ) -> None:
        alice.post(page, form())
        typed = {"action": "check", "code": code()}
        withdrawing.withdraw(application=application, by=scene.alice.actor)
        for data in (typed, form()):
            assert "it can no longer be changed" in said(alice.post(page, data, follow=True))
        assert alice.get(page).status_code == 302
        assert not SignedCopy.objects.exists()


def test_what_comes_first_is_said(scene: Scene, alice: Client, page: str, draft: Application) -> None:
    assert "Make my agreement and sign it" in said(alice.get(page))
    assert "2 clauses are left" in said(alice.post(page, {"action": "make"}, follow=True))
    drafting.save(application=draft, fields={"city": ""}, by=scene.alice.actor)
    assert "First give what is printed in it" in said(alice.get(page))


def test_too_many_copies_in_a_day_are_said_before_a_code_is_mailed(
    alice: Client, page: str, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "COPIES_PER_DAY", 0)
    answer = alice.post(page, form())
    assert (answer.status_code, mail.outbox) == (422, [])
    assert "Upload the next one tomorrow" in said(answer)


def test_the_step_offers_three_ways_and_then_shows_the_signature(
    scene: Scene, alice: Client, page: str, application: Application
) -> None:
    step = f"/applications/{application.reference}/signed-copy/"
    shown = said(alice.get(step))
    for words in ("Sign in the browser", "Print, sign, upload", "By mail", f'href="{page}"', "GeneBody%20Agreement"):
        assert words in shown, words
    alice.post(page, form())
    alice.post(page, {"action": "check", "code": code()})
    signed = said(alice.get(step))
    assert "Signed in the browser by Alice Zhang 张爱丽 on" in signed
    assert "is being opened" not in signed
    submission.submit(application=application, by=scene.alice.actor)
    status = said(alice.get(f"/applications/{application.reference}/"))
    assert "Signed in the browser by Alice Zhang 张爱丽 on" in status
    case = said(signed_in(scene.carol).get(f"/review/{application.reference}/"))
    assert "Signed in the browser by Alice Zhang 张爱丽 on" in case
