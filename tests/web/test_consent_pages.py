"""New terms for who has access: reading what changes, ticking it, a mailed code; or no."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.test import Client

from agreements.applications.models import State
from agreements.core import clock
from agreements.grants.links import tokens
from agreements.grants.models import Grant, GrantState, Link, TermsConsent
from agreements.grants.terms_change import asking
from agreements.people.emailed_codes import FRESH_FOR
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in
from tests.web.terms_things import CHANGED, NOTE, asked, publish
from tests.web.test_member_pages import joined
from tests.web.test_opening_pages import text_of
from tests.web.test_renewal_pages import code


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


def ticked(consent: TermsConsent, **other: str) -> dict[str, str]:
    ticks = {"clause-research-only": "on", "clause-pictures": "on", "accept": "on"}
    return {"seen": consent.campaign.terms.sha256} | ticks | other


def test_alice_reads_ticks_types_a_code_and_is_under_the_new_terms(
    alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    shown = alice.get(page)
    said = text_of(shown)
    assert "You agreed to version 1.0. This is what is different in version 1.1" in said
    assert NOTE in said
    assert "I agree to the new clause “Pictures”." in said
    assert "I agree to “Research only” as it reads now." in said
    assert "clause-termination" not in shown.content.decode(), "what did not change asks for no tick"
    mail.outbox.clear()
    assert alice.post(page, ticked(consent))["Location"] == page
    assert "to agree to terms 1.1 of GeneBody for access" in str(mail.outbox[-1].body)
    assert mail.outbox[-1].to == ["alice@connect.ust.hk"]
    assert "Confirm it by a code" in text_of(alice.get(page))
    done = alice.post(page, {"action": "check", "code": code()}, follow=True)
    assert done.redirect_chain[-1][0] == f"/grants/{grant.reference}/"
    assert "You agreed to terms 1.1." in text_of(done)
    grant.refresh_from_db()
    assert grant.terms.version == "1.1"
    pdf = f"/grants/{grant.reference}/terms/{consent.pk}.pdf"
    assert pdf in done.content.decode()
    assert alice.get(pdf).content.startswith(b"%PDF")
    assert "Nothing is asked about them at present." in text_of(alice.get(page))


@pytest.mark.parametrize("left_out", ["clause-research-only", "clause-pictures", "accept"])
def test_every_tick_is_needed_and_the_others_are_kept(
    alice: Client, consent: TermsConsent, page: str, left_out: str
) -> None:
    given = ticked(consent)
    del given[left_out]
    mail.outbox.clear()
    refused = alice.post(page, given)
    assert refused.status_code == 422
    assert "Your other ticks are kept." in text_of(refused)
    assert refused.content.decode().count(" checked") == 2
    assert mail.outbox == []


def test_where_nothing_was_ticked_no_ticks_are_said_to_be_kept_and_no_label_ends_in_two_stops(
    alice: Client, consent: TermsConsent, page: str
) -> None:
    seen = consent.campaign.terms.sha256
    refused = alice.post(page, {"seen": seen}).content.decode()
    assert "Your other ticks are kept." not in refused
    assert "as it reads now</a>: Tick" in refused


def test_a_code_without_the_ticks_agrees_to_nothing(
    alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    mail.outbox.clear()
    assert alice.post(page, {"action": "send"}).status_code == 302
    assert mail.outbox == []
    assert alice.post(page, {"action": "check", "code": "AAA-AAA"}).status_code == 302
    grant.refresh_from_db()
    assert grant.terms.version == "1.0"


def test_the_code_with_which_one_signed_in_is_no_yes_to_a_text(alice: Client, consent: TermsConsent, page: str) -> None:
    alice.post(f"/grants/{consent.grant.reference}/address/", {"action": "send"})
    alice.post(f"/grants/{consent.grant.reference}/address/", {"action": "check", "code": code()})
    alice.post(page, ticked(consent))
    assert "Confirm it by a code" in text_of(alice.get(page))


def test_ticks_for_one_text_are_worth_nothing_for_the_next(
    scene: Scene, alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    alice.post(page, ticked(consent))
    typed = code()
    asked(scene, grant, terms=publish(scene, "1.2", clauses=CHANGED.replace("teaching", "learning"), days=40))
    assert alice.post(page, {"action": "check", "code": typed})["Location"] == page
    assert "This is what is different in version 1.2" in text_of(alice.get(page))
    stale = alice.post(page, ticked(consent), follow=True)
    assert "The terms have changed again since you opened the page." in text_of(stale)
    grant.refresh_from_db()
    assert grant.terms.version == "1.0"


def test_a_wrong_code_is_told_and_a_late_one_asks_again(
    alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    alice.post(page, ticked(consent))
    wrong = alice.post(page, {"action": "check", "code": "ZZZ-ZZZ"})
    assert "Confirm it by a code" in text_of(wrong)
    typed = code()
    with clock.frozen(clock.now() + FRESH_FOR + dt.timedelta(minutes=1)):
        alice.post(page, {"action": "check", "code": typed})
    grant.refresh_from_db()
    assert grant.terms.version == "1.0"


def test_alice_says_no_with_the_consequence_named_and_may_still_say_yes(
    alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    assert "the access is suspended: your links and passwords stop, and those of your members" in text_of(
        alice.get(page)
    )
    said = text_of(alice.post(page, {"action": "decline"}, follow=True))
    assert "It is noted that you do not agree." in said
    assert "you said that you do not agree" in said
    assert "I do not agree…" not in said
    consent.refresh_from_db()
    assert consent.answer == "declined"
    here = text_of(alice.get(f"/grants/{grant.reference}/"))
    assert "You do not agree to terms 1.1: access is suspended on" in here
    assert "is kept. If you change your mind, you can still agree" in here
    assert "You do not agree to the new terms: suspended on" in text_of(alice.get("/grants/"))
    alice.post(page, ticked(consent))
    assert "You agreed to terms 1.1." in text_of(alice.post(page, {"action": "check", "code": code()}, follow=True))


def test_everywhere_she_looks_she_is_told_by_when(
    scene: Scene, alice: Client, grant: Grant, consent: TermsConsent, page: str
) -> None:
    bob = joined(grant, scene.bob)
    assert consent.grace_ends_at is not None
    day = f"{consent.grace_ends_at.day} {consent.grace_ends_at:%B %Y}"
    here = alice.get(f"/grants/{grant.reference}/")
    assert f"New terms: agree by {day}, or access is suspended" in text_of(here)
    assert f'href="{page}"' in here.content.decode()
    assert "New terms: agree by" in text_of(alice.get("/grants/"))
    link = Link.objects.filter(grant=grant).first()
    assert link is not None
    landing = Client().get(f"/l/{tokens.token(link)}")
    assert f"New terms: agree by {day}" in text_of(landing)
    assert "Alice" not in text_of(landing)
    shared = signed_in(scene.bob).get(f"/grants/{grant.reference}/")
    assert "is asked to agree to terms 1.1 for all of you." in text_of(shared)
    assert f'href="{page}"' not in shared.content.decode()
    assert signed_in(scene.bob).get(page).status_code == 404
    assert bob.grant_id == grant.pk


def test_after_the_grace_it_waits_and_opens_at_once_when_she_agrees(
    scene: Scene, grant: Grant, consent: TermsConsent, page: str
) -> None:
    assert consent.grace_ends_at is not None
    with clock.frozen(consent.grace_ends_at + dt.timedelta(hours=1)):
        asking.work_off()
        late = signed_in(scene.alice)
        assert "This access waits until you agree to new terms" in text_of(late.get(f"/grants/{grant.reference}/"))
        assert "This access is suspended until you agree" in text_of(late.get(page))
        late.post(page, ticked(consent))
        done = late.post(page, {"action": "check", "code": code()}, follow=True)
        assert "You agreed to terms 1.1. The access is open again." in text_of(done)
        grant.refresh_from_db()
        assert grant.state == GrantState.ACTIVE


def test_strangers_and_staff_see_neither_the_page_nor_the_paper(
    scene: Scene, alice: Client, consent: TermsConsent, page: str
) -> None:
    alice.post(page, ticked(consent))
    alice.post(page, {"action": "check", "code": code()})
    for person in (scene.eve, scene.dan, scene.carol):
        assert signed_in(person).get(page).status_code == 404
        assert signed_in(person).get(f"{page}{consent.pk}.pdf").status_code == 404
