"""An invited colleague joins in a real browser, which decides itself what it says about where a form came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chain
from tests.browser.site import ALICE, BOB, CAROL, DAN, Site
from tests.browser.test_walk import PASSWORD
from tests.browser.test_walk import invite as invite_reviewer
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
_SELECTED = """element => {
  getSelection().selectAllChildren(element);
  return getSelection().toString();
}"""


def test_a_member_joins_and_sees_a_password_of_their_own(site: Site, browser: Browser, tmp_path: Path) -> None:
    dan, carol, alice, bob = (Visitor(browser, site, person) for person in (DAN, CAROL, ALICE, BOB))
    grant = have_access(dan, carol, alice, tmp_path)
    mail = invite(alice, bob, grant)
    bob.go(mail)
    bob.says("To read your invitation, sign in")
    bob.look("50-invited-sign-in")
    bob.sign_in()
    bob.look("51-join")
    bob.page.get_by_label("I have read the terms").check()
    bob.press("Join")
    bob.says("You have joined.")
    bob.page.get_by_role("button", name=re.compile("^Make a fresh link")).first.click()
    bob.says("Your newest link works until")
    bob.page.get_by_text("1 older link of yours works too").click()
    bob.look("52-member-grant")
    bob.press("See my password")
    bob.press("Show my password")
    shown = bob.page.locator("code.groups")
    expect(shown).to_be_visible()
    selected = str(shown.evaluate(_SELECTED))
    assert PASSWORD.fullmatch(selected), selected
    bob.look("53-member-password")
    alice.go(f"/grants/{grant}/members/")
    alice.look("54-members")
    dan.go(f"/stewardship/genebody/grants/{grant}/")
    dan.press("Revoke this access…")
    dan.says("It ends for 1 member as well")
    dan.look("55-revoke-with-members")
    dan.page.locator("[name=clause_id]").select_option("no-redistribution")
    dan.fill({"reason": "Found elsewhere."})
    dan.page.get_by_role("button", name="Revoke", exact=True).click()
    dan.says("access is revoked")
    dan.look("56-steward-members-revoked")
    alice.go(f"/grants/{grant}/")
    alice.look("57-grant-revoked-members")
    assert [*alice.findings, *bob.findings, *dan.findings] == []


def have_access(dan: Visitor, carol: Visitor, alice: Visitor, folder: Path) -> str:
    """From nothing to an approved application; return the reference of the access."""
    invite_reviewer(dan, carol)
    reference = chain.begin(alice)
    chain.fill_in(alice)
    alice.go(f"/applications/{reference}/")
    alice.press("Go on")
    chain.sign(alice, folder)
    chain.hand_in(alice)
    carol.go(f"/review/{reference}/")
    chain.evidence_is_there(carol)
    carol.page.keyboard.press("a")
    carol.page.locator("#approve textarea").fill("Institutional address, complete and signed agreement.")
    carol.page.locator("#approve button[type=submit]").click()
    carol.says("was approved")
    alice.go("/grants/")
    return alice.page.locator("main a.ref").first.inner_text().strip()


def invite(alice: Visitor, bob: Visitor, grant: str) -> str:
    """Return the address in the mail that the invited colleague gets."""
    after = alice.site.mailbox.count()
    alice.go(f"/grants/{grant}/members/")
    alice.fill({"name": bob.person.name, "email": bob.person.address})
    alice.press("Send the invitation")
    alice.says("is on its way")
    mail = alice.site.mail_for(bob.person, after=after, what="invitation", holds="/member/")
    return mail.addresses(r"/invitations/")[0]
