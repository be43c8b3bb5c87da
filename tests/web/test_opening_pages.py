"""The pages about what opens later and what was before: asking to be told, deciding, answering, confirming."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from agreements.catalog.models import Access, Interest, Opening, Role, Subset
from agreements.grants.models import Grant, GrantState, SubsetOffer
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation.models import Destruction
from tests.applications.cases import staff
from tests.flows.opened import grant_of
from tests.flows.scene import Scene, signed_in
from tests.web.opening_things import bring_in, opened_offered_and_imported

TELL_ME = "/datasets/genebody/subsets/extended370/tell-me/"


@pytest.fixture
def coming(scene: Scene) -> Subset:
    return Subset.objects.create(
        dataset=scene.dataset, slug="extended370", title="Extended370", access=Access.ANNOUNCED, position=8
    )


def text_of(response: Any) -> str:
    """Return a page without its tags, each run of space one space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_one_click_puts_a_person_on_the_list_and_one_takes_them_off(scene: Scene, coming: Subset) -> None:
    browser = signed_in(scene.eve)
    assert "Tell me when it opens" in text_of(browser.get("/datasets/genebody/"))
    page = browser.post(TELL_ME, follow=True)
    assert page.redirect_chain == [("/datasets/genebody/#extended370", 302)]
    assert "You are on the list: a mail goes to eve@ethz.ch when it opens." in text_of(page)
    page = browser.post(TELL_ME, {"take-back": "yes"}, follow=True)
    assert "You are no longer on the list of Extended370." in text_of(page)
    assert Interest.objects.get().ended_at is not None


def test_nobody_fills_the_record_by_coming_and_going(scene: Scene, coming: Subset) -> None:
    browser, before = signed_in(scene.eve), LedgerEntry.objects.count()
    for again in range(15):
        page = browser.post(TELL_ME, {} if again % 2 == 0 else {"take-back": "yes"}, follow=True)
    assert "This was tried too often." in text_of(page)
    assert LedgerEntry.objects.count() - before == 10
    signed_in(scene.alice).post(TELL_ME)
    assert LedgerEntry.objects.count() - before == 11


def test_asking_twice_changes_nothing_and_writes_nothing(scene: Scene, coming: Subset) -> None:
    browser, before = signed_in(scene.eve), LedgerEntry.objects.count()
    browser.post(TELL_ME, {"take-back": "yes"})
    assert LedgerEntry.objects.count() == before
    for _again in range(3):
        browser.post(TELL_ME)
    assert LedgerEntry.objects.count() == before + 1


def test_who_is_signed_out_signs_in_and_comes_back_to_the_button(scene: Scene, coming: Subset, client: Any) -> None:
    assert f'href="{TELL_ME}"' in client.get("/datasets/genebody/").content.decode()
    for asked in (client.get(TELL_ME), client.post(TELL_ME)):
        assert asked.status_code == 302
        assert asked["Location"] == f"/accounts/login/?next={TELL_ME}"
    page = text_of(signed_in(scene.eve).get(TELL_ME))
    assert "You get one mail when it opens, with how to get it, and no other." in page
    assert not Interest.objects.exists()


def test_nobody_waits_for_a_subset_that_was_never_announced(scene: Scene) -> None:
    assert signed_in(scene.eve).get("/datasets/genebody/subsets/train40/tell-me/").status_code == 404


def test_the_desk_says_how_many_wait_and_what_is_to_be_decided(scene: Scene, coming: Subset) -> None:
    signed_in(scene.eve).post(TELL_ME)
    grant = grant_of(scene, scene.alice)
    Subset.objects.create(dataset=scene.dataset, slug="hands", title="Hands", access=Access.AGREEMENT, position=9)
    Opening.objects.create(subset=Subset.objects.get(slug="hands"))
    page = text_of(signed_in(scene.dan).get("/stewardship/genebody/subsets/"))
    assert "1 person" in page
    assert "To be decided" in page
    assert grant.state == GrantState.ACTIVE


def test_a_steward_decides_once_after_reading_the_numbers(scene: Scene) -> None:
    grant = grant_of(scene, scene.alice)
    hands = Subset.objects.create(dataset=scene.dataset, slug="hands", title="Hands", access=Access.AGREEMENT)
    Opening.objects.create(subset=hands)
    browser, address = signed_in(scene.dan), "/stewardship/genebody/subsets/hands/opening/"
    page = text_of(browser.get(address))
    assert "Add Hands to 1 running grant?" in page
    assert "Offer Hands to 1 holder?" in page
    assert "No archive of it is published yet" in page
    page = text_of(browser.post(address, {"choice": "upgrade", "expected": "9"}, follow=True))
    assert "It is 1 grants now, and was 9 when you were asked. Look again." in page
    page = text_of(browser.post(address, {"choice": "neither", "expected": "1"}, follow=True))
    assert "Choose one of the two." in page
    page = text_of(browser.post(address, {"choice": "ask", "expected": "1"}, follow=True))
    assert "It is decided and begins now." in page
    assert "0 of 1 grants are dealt with." in page
    assert "Give it to them" not in page
    assert not SubsetOffer.objects.filter(grant=grant).exists(), "a worker does it"


def test_an_auditor_reads_the_opening_and_has_no_buttons(scene: Scene) -> None:
    hands = Subset.objects.create(dataset=scene.dataset, slug="hands", title="Hands", access=Access.AGREEMENT)
    Opening.objects.create(subset=hands)
    browser = signed_in(staff(scene, "audrey", Role.AUDITOR))
    page = text_of(browser.get("/stewardship/genebody/subsets/hands/opening/"))
    assert "A steward decides this." in page
    assert "Give it to them" not in page
    assert "Write to all" not in text_of(browser.get("/stewardship/genebody/imported/"))


def test_an_offer_is_accepted_on_its_page_with_the_terms_in_full(scene: Scene) -> None:
    grant = grant_of(scene, scene.alice)
    things = opened_offered_and_imported(scene, grant)
    browser, address = signed_in(scene.alice), f"/grants/{grant.reference}/offers/{things['offer']}/"
    assert "Hands has opened and is offered to you" in text_of(browser.get(f"/grants/{grant.reference}/"))
    assert "The lab may end access at any time." in text_of(browser.get(address))
    assert browser.post(address).status_code == 422
    assert "Nothing of it is published yet, so there are no links" in text_of(browser.get(address))
    page = text_of(browser.post(address, {"accept": "on"}, follow=True))
    assert "Hands is part of your access now. Its archives will be below once they are published." in page
    assert grant.subsets.filter(slug="hands").exists()
    assert "You accepted this on" in text_of(browser.get(address))


def test_an_offer_is_declined_with_one_click(scene: Scene) -> None:
    grant = grant_of(scene, scene.alice)
    things = opened_offered_and_imported(scene, grant)
    browser, address = signed_in(scene.alice), f"/grants/{grant.reference}/offers/{things['offer']}/"
    assert "You declined it. Your access stays as it is." in text_of(
        browser.post(address, {"decline": "y"}, follow=True)
    )
    assert SubsetOffer.objects.get().is_accepted is False


def test_brought_in_access_is_confirmed_by_its_holder(scene: Scene, client: Any) -> None:
    grant = bring_in(scene, scene.eve)
    address = f"/grants/{grant.reference}/confirm/"
    asked = client.get(address, follow=True)
    assert asked.redirect_chain[0][0] == f"/accounts/login/?next={address}"
    assert "To confirm your access, sign in with the address that we wrote to." in text_of(asked)
    assert signed_in(scene.bob).get(address).status_code == 404
    browser = signed_in(scene.eve)
    assert "This access is from before this portal" in text_of(browser.get(f"/grants/{grant.reference}/"))
    page = text_of(browser.get(address))
    assert "You signed the agreement on 31 May 2023." in page
    assert "Computer Science, ETH Zurich, Zurich , Switzerland" in page or "Zurich, Switzerland" in page
    assert browser.post(address, {"accept": "on"}).status_code == 422
    page = text_of(browser.post(address, {"accept": "on", "right": "on"}, follow=True))
    assert "Thank you. Your access is confirmed; its links are on their way to you." in page
    assert "train40.zip" in page
    assert "is confirmed already" in text_of(browser.get(address))


def test_who_no_longer_uses_it_says_so_and_owes_what_is_left(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    browser, address = signed_in(scene.eve), f"/grants/{grant.reference}/confirm/"
    assert browser.post(address, {"decline": "yes"}).status_code == 422
    page = text_of(browser.post(address, {"decline": "yes", "copies": "destroy"}, follow=True))
    assert "This access ended because it is no longer used" in page
    assert "nothing more will be mailed" not in page
    assert "Destroy the copies that are left by" in page
    assert Destruction.objects.get().person == scene.eve
    steward = text_of(signed_in(scene.dan).get("/stewardship/genebody/imported/"))
    assert "no longer used" in steward


def test_the_steward_sees_who_confirmed_and_writes_again(scene: Scene) -> None:
    browser = signed_in(scene.dan)
    assert "Nobody was brought in" in text_of(browser.get("/stewardship/genebody/imported/"))
    first = bring_in(scene, scene.eve, note="mailed to Wayne")
    bring_in(scene, scene.bob)
    page = text_of(browser.get("/stewardship/genebody/imported/"))
    assert "2 from before this portal: 0 confirmed, 2 waiting, 0 over." in page
    assert "Write to 2 people who have not confirmed?" in page
    assert "mailed to Wayne" in page
    page = text_of(browser.post(f"/stewardship/genebody/imported/{first.reference}/again/", follow=True))
    assert "The mail is on its way to eve@ethz.ch." in page
    page = text_of(browser.post("/stewardship/genebody/imported/again/", follow=True))
    assert "1 mail is on its way." in page
    page = text_of(browser.post("/stewardship/genebody/imported/again/", follow=True))
    assert "Everybody who has not confirmed was written to within a day." in page
    assert OutboxMessage.objects.filter(kind="grant-imported").count() == 2
    signed_in(scene.eve).post(f"/grants/{first.reference}/confirm/", {"accept": "on", "right": "on"})
    page = text_of(browser.get("/stewardship/genebody/imported/?which=waiting"))
    assert (first.reference in page, "1 confirmed, 1 waiting" in page) == (False, True)


def test_the_list_is_taken_as_csv_without_formulas(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve, note="fine")
    Grant.objects.filter(pk=grant.pk).update(holder_name="=1+1")
    response = signed_in(scene.dan).get("/stewardship/genebody/imported/imported.csv")
    (row,) = csv.DictReader(io.StringIO(response.getvalue().decode()))
    assert row["name"] == "'=1+1"
    assert (row["email"], row["signed_on"], row["state"]) == ("eve@ethz.ch", "2023-05-31", "not confirmed yet")
    assert row["note"] == "fine"


def test_the_case_of_brought_in_access_shows_what_was_signed(scene: Scene) -> None:
    grant = bring_in(scene, scene.eve)
    page = signed_in(scene.dan).get(f"/review/{grant.application.reference}/")
    assert "None was gathered: this was signed before the portal, and brought in on" in text_of(page)
    mine = signed_in(scene.eve).get(f"/applications/{grant.application.reference}/")
    assert mine.status_code == 200


def test_pages_ask_few_questions_of_the_database(scene: Scene, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        bring_in(scene, User.objects.create_user(f"p{number}@ethz.ch", name=f"P{number}"))
    browser = signed_in(scene.dan)
    browser.get("/stewardship/genebody/imported/")
    with django_assert_max_num_queries(40):
        browser.get("/stewardship/genebody/imported/")
