"""Renewing and proving an address through the pages: what is asked, what is said, what is kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client

from agreements.applications.models import Application, State
from agreements.catalog.models import Terms
from agreements.core import clock
from agreements.grants import lifecycle
from agreements.grants.ends import noticing, proving
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState, Renewal
from agreements.ledger.models import LedgerEntry
from agreements.people.emailed_codes import FRESH_FOR
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in
from tests.web.test_member_pages import joined

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
FORM = {"subsets": "train40", "use": "Novel views of clothed people.", "accept": "on"}


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def grant(noon: None, scene: Scene) -> Grant:
    """Alice's access, which ends in ten days."""
    put(scene, State.APPROVED)
    scene.dataset.grant_days = 365
    scene.dataset.save()
    Grant.objects.update(ends_at=NOON + dt.timedelta(days=10))
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


@pytest.fixture
def page(grant: Grant) -> str:
    return f"/grants/{grant.reference}/renew/"


@pytest.fixture
def alice(scene: Scene, grant: Grant) -> Client:
    return signed_in(scene.alice)


def code() -> str:
    found = re.search(r"^    (\S{3}-\S{3})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None, mail.outbox[-1].body
    return found[1]


def prove(browser: Client, page: str) -> None:
    assert browser.post(page, {"action": "send"})["Location"] == page
    assert browser.post(page, {"action": "check", "code": code()})["Location"]


def filled_in(grant: Grant, **other: object) -> dict[str, object]:
    assert grant.ends_at is not None
    return FORM | {"seen_end": grant.ends_at.isoformat()} | other


class TestRenewing:
    def test_from_the_page_of_the_access_to_the_new_end(
        self, scene: Scene, alice: Client, grant: Grant, page: str
    ) -> None:
        bob = joined(grant, scene.bob)
        here = f"/grants/{grant.reference}/"
        shown = alice.get(here).content.decode()
        assert "This access ends on 12 March 2026" in shown
        assert "(optional)" not in alice.get(page).content.decode()
        assert f'href="{page}"' in shown
        assert "Can be renewed" in alice.get("/grants/").content.decode()
        first = alice.get(page).content.decode()
        assert "We mail a code to <strong>alice@connect.ust.hk</strong>" in first
        assert "What do you still use?" not in first
        prove(alice, page)
        form = alice.get(page).content.decode()
        for words in (
            "Renewed today, it lasts until 12 March 2027.",
            "Train40",
            "Bob (bob@connect.ust.hk)",
            "I agree again to terms 1.0, for this access.",
        ):
            assert words in form, words
        done = alice.post(page, filled_in(grant, members=[str(bob.pk)]), follow=True).content.decode()
        assert "Your access is renewed." in done
        grant.refresh_from_db()
        assert grant.ends_at == NOON + dt.timedelta(days=375)
        assert Renewal.objects.get().use == "Novel views of clothed people."
        assert GrantMember.objects.get().state == MemberState.JOINED
        assert "This access ends on" not in alice.get(here).content.decode()

    def test_what_is_not_ticked_ends(self, scene: Scene, alice: Client, grant: Grant, page: str) -> None:
        joined(grant, scene.bob)
        prove(alice, page)
        alice.post(page, filled_in(grant))
        member = GrantMember.objects.get()
        assert member.state == MemberState.REMOVED
        assert member.reason == (
            "Alice Zhang 张爱丽 renewed the access and said that you no longer work with the data."
        )

    def test_without_a_proof_nothing_is_renewed_and_what_was_written_is_kept(
        self, alice: Client, grant: Grant, page: str
    ) -> None:
        shown = alice.post(page, filled_in(grant, use="Written over an hour.")).content.decode()
        assert "Prove your address" in shown
        assert not Renewal.objects.exists()
        prove(alice, page)
        assert "Written over an hour." in alice.get(page).content.decode()

    def test_a_proof_is_for_a_quarter_of_an_hour(self, alice: Client, grant: Grant, page: str) -> None:
        prove(alice, page)
        with clock.frozen(NOON + FRESH_FOR):
            assert "Prove your address" in alice.post(page, filled_in(grant)).content.decode()
        assert not Renewal.objects.exists()

    def test_a_second_factor_is_no_proof_of_a_mailbox(
        self, alice: Client, page: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("agreements.web.proofs._second_factor_moments", lambda _request: [NOON])
        assert "Prove your address" in alice.get(page).content.decode()

    def test_a_wrong_code_is_told_and_proves_nothing(self, alice: Client, page: str) -> None:
        alice.post(page, {"action": "send"})
        refused = alice.post(page, {"action": "check", "code": "222-222"}).content.decode()
        assert "This is not the code of the newest mail we sent you." in refused
        assert "What do you still use?" not in alice.get(page).content.decode()

    def test_the_line_on_use_and_the_terms_are_asked_for(self, alice: Client, grant: Grant, page: str) -> None:
        prove(alice, page)
        refused = alice.post(page, filled_in(grant, use="", accept=""))
        assert refused.status_code == 422
        assert "without it the access is not renewed" in refused.content.decode()
        refused = alice.post(page, filled_in(grant, subsets=[]))
        assert "Keep at least one. If you use none of it, let the access end." in refused.content.decode()
        assert not Renewal.objects.exists()

    def test_a_double_click_renews_once(self, alice: Client, grant: Grant, page: str) -> None:
        prove(alice, page)
        alice.post(page, filled_in(grant))
        again = alice.post(page, filled_in(grant))
        assert (again.status_code, Renewal.objects.count()) == (422, 1)
        assert "can be renewed from 10 February 2027" in again.content.decode()

    def test_under_newer_terms_one_applies_again_with_what_is_known(
        self, scene: Scene, alice: Client, grant: Grant, page: str
    ) -> None:
        joined(grant, scene.bob)
        newer = Terms.objects.get()
        newer.pk, newer.version, newer.effective_from = None, "2.0", dt.date(2026, 3, 1)
        newer.save()
        shown = alice.get(page).content.decode()
        assert "Terms 2.0 are in force now" in shown
        assert "What do you still use?" not in shown
        went = alice.post(page, {"action": "apply-again"})
        draft = Application.objects.get(state=State.DRAFT)
        assert went["Location"] == f"/applications/{draft.reference}/"
        assert (draft.terms.version, draft.organization, draft.intended_use) == (
            "2.0",
            "Hong Kong University of Science and Technology",
            "Novel view synthesis of clothed people.",
        )
        assert "bob@connect.ust.hk" in alice.get(f"/applications/{draft.reference}/site/").content.decode()
        assert alice.post(page, {"action": "apply-again"})["Location"] == f"/applications/{draft.reference}/"
        assert Application.objects.count() == 2

    def test_too_early_and_too_late_it_says_when(self, alice: Client, grant: Grant, page: str) -> None:
        Grant.objects.update(ends_at=NOON + dt.timedelta(days=31))
        assert "can be renewed from 3 March 2026" in alice.get(page).content.decode()
        Grant.objects.update(ends_at=NOON - dt.timedelta(days=90))
        lifecycle.expire_due()
        assert "could be renewed until 2 March 2026" in alice.get(page).content.decode()

    def test_it_is_the_holders_alone(self, scene: Scene, grant: Grant, page: str) -> None:
        joined(grant, scene.bob)
        for who in (scene.bob, scene.dan, scene.carol, scene.eve):
            assert signed_in(who).get(page).status_code == 404
        assert "can renew it" not in signed_in(scene.bob).get(f"/grants/{grant.reference}/").content.decode()
        with clock.frozen(NOON + dt.timedelta(days=11)):
            lifecycle.expire_due()
            shown = signed_in(scene.bob).get(f"/grants/{grant.reference}/").content.decode()
        assert "The time of this access is over. Alice Zhang 张爱丽 can renew it." in shown


class TestTheAddress:
    @pytest.fixture
    def address(self, grant: Grant) -> str:
        Grant.objects.update(ends_at=None, address_proven_at=NOON - dt.timedelta(days=340))
        return f"/grants/{grant.reference}/address/"

    def test_a_code_typed_there_is_the_proof(self, alice: Client, grant: Grant, address: str) -> None:
        here = f"/grants/{grant.reference}/"
        assert "Prove your address again by 27 March 2026" in alice.get(here).content.decode()
        assert "Prove the address" in alice.get("/grants/").content.decode()
        assert "The next proof is due on 27 March 2026." in alice.get(address).content.decode()
        alice.post(address, {"action": "send"})
        done = alice.post(address, {"action": "check", "code": code()}, follow=True)
        assert "Your address is proven." in done.content.decode()
        grant.refresh_from_db()
        assert grant.address_proven_at == NOON
        assert LedgerEntry.objects.filter(kind="address.proven").count() == 1
        assert "Prove your address again" not in alice.get(here).content.decode()

    def test_who_has_just_signed_in_by_a_code_needs_no_second_one(self, grant: Grant, address: str) -> None:
        browser = Client()
        browser.post("/accounts/login/", {"email": "alice@connect.ust.hk", "next": address})
        went = browser.post("/accounts/login/code/confirm/", {"code": code()})
        assert went["Location"] == address
        assert "Take that as the proof" in browser.get(address).content.decode()
        browser.post(address)
        grant.refresh_from_db()
        assert grant.address_proven_at == NOON

    def test_a_suspended_access_opens_at_once(self, scene: Scene, grant: Grant, address: str) -> None:
        Grant.objects.update(address_proven_at=NOON - dt.timedelta(days=365))
        noticing.give_due()
        with clock.frozen(NOON + dt.timedelta(days=30)):
            assert proving.suspend_overdue() == 1
            alice = signed_in(scene.alice)
            shown = alice.get(f"/grants/{grant.reference}/").content.decode()
            assert "This access waits for a proof of your address" in shown
            assert "Nothing can be downloaded" not in shown
            prove(alice, address)
            grant.refresh_from_db()
            assert grant.state == GrantState.ACTIVE

    def test_the_code_goes_to_the_address_of_the_application(
        self, scene: Scene, alice: Client, grant: Grant, address: str
    ) -> None:
        """After a move that one is the institutional address; the account may still have the old one."""
        Application.objects.update(email="alice@new.example.edu")
        alice.post(address, {"action": "send"})
        assert mail.outbox[-1].to == ["alice@new.example.edu"]
        browser = Client()
        browser.post("/accounts/login/", {"email": "alice@connect.ust.hk"})
        browser.post("/accounts/login/code/confirm/", {"code": code()})
        assert "Mail me a code" in browser.get(address).content.decode()

    def test_an_ended_access_has_nothing_to_prove(self, alice: Client, grant: Grant, address: str) -> None:
        Grant.objects.update(ends_at=NOON)
        lifecycle.expire_due()
        assert "there is no address to prove" in alice.get(address).content.decode()
        assert alice.post(address).status_code == 422
