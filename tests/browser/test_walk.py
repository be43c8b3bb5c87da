"""The whole chain in a browser, as people would do it, with pictures of every page in `test-artefacts/screenshots/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from demo.archive_check import digests_inside, digests_of_source, opens_with
from tests.browser import chain
from tests.browser.conftest import running_site
from tests.browser.site import ALICE, CAROL, DAN, Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
PASSWORD = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}")
CLAUSE = "no-redistribution"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An installation of its own: here everybody comes for the first time, and one archive is published."""
    yield from running_site(second_factor=False)


def test_from_the_first_page_to_the_opened_archive_and_the_dead_link(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    dan, carol, alice = (Visitor(browser, site, person) for person in (DAN, CAROL, ALICE))
    invite(dan, carol)
    reference = apply(alice, tmp_path)
    before = site.mailbox.count()
    approve(carol, reference)
    read_the_record(dan)
    mail = site.mail_for(ALICE, after=before, what="mail with links", holds="/l/")
    link = mail.addresses(r"/l/")[0]
    chain.age_sign_ins(site)
    password, grant = read_password(alice, mail.addresses(r"/grants/")[0])
    assert password not in mail.text
    archive = download(alice, link, tmp_path)
    assert not opens_with(archive, password[:-1] + ("0" if password[-1] != "0" else "1"))
    inside = digests_inside(archive, password)
    published = digests_of_source(site.sources["train40"])
    assert {name: digest for name, digest in inside.items() if name in published} == published
    revoke(dan, grant)
    find_it_ended(alice, link, grant)
    look_around(alice, dan, carol, reference)
    assert [*alice.findings, *carol.findings, *dan.findings] == []


def invite(dan: Visitor, carol: Visitor) -> None:
    """The steward invites the reviewer, who accepts."""
    dan.sign_in()
    dan.go("/stewardship/genebody/")
    dan.look("12-desk-empty")
    before = dan.site.mailbox.count()
    dan.press("People")
    dan.look("12b-people")
    dan.page.get_by_text("Invite somebody").click()
    dan.fill({"email": carol.person.address, "role": "reviewer"})
    dan.press("Invite")
    mail = dan.site.mail_for(carol.person, after=before, what="invitation", holds="/invitations/")
    carol.sign_in()
    carol.go(mail.addresses(r"/invitations?/")[0])
    carol.look("13-invitation")
    carol.press("Accept")
    carol.look("14-queue-empty")


def apply(alice: Visitor, folder: Path) -> str:
    """The applicant's part."""
    reference = chain.begin(alice, pictures=True)
    chain.fill_in(alice, pictures=True)
    alice.go(f"/applications/{reference}/")
    alice.look("05b-application-draft")
    alice.press("Go on")
    chain.sign(alice, folder, pictures=True)
    chain.hand_in(alice, pictures=True)
    alice.go("/applications/")
    alice.look("15-applications")
    alice.go("/grants/")
    alice.look("16-access-empty")
    return reference


def approve(carol: Visitor, reference: str) -> None:
    """The reviewer reads the case and approves it."""
    carol.go("/review/")
    carol.look("17-queue")
    carol.page.get_by_role("link", name=reference).click()
    chain.evidence_is_there(carol)
    carol.look("18-case")
    carol.page.keyboard.press("?")
    expect(carol.page.get_by_role("dialog", name="Keys on this page")).to_be_visible()
    carol.look("18b-keys")
    carol.page.keyboard.press("Escape")
    expect(carol.page.locator("dialog[open]")).to_have_count(0)
    carol.page.keyboard.press("a")
    expect(carol.page.locator("#approve textarea")).to_be_focused()
    carol.look("19-case-approving")
    carol.page.locator("#approve textarea").fill("Institutional address, complete and signed agreement.")
    carol.page.locator("#approve button[type=submit]").click()
    carol.says("was approved")
    carol.look("20-queue-after")
    carol.go(f"/review/{reference}/")
    carol.look("21-case-approved")


def read_the_record(dan: Visitor) -> None:
    """What the steward reads of all this."""
    dan.go("/record/")
    dan.look("22-record")
    dan.go("/stewardship/genebody/")
    dan.look("23-desk")


def read_password(alice: Visitor, address: str) -> tuple[str, str]:
    """From the mail's address to the password on the screen; return it and the reference of the access."""
    alice.go(address)
    alice.look("24-grant")
    alice.page.get_by_text("End this link…").click()
    expect(alice.page.get_by_role("dialog", name="End this link?")).to_contain_text("It stops working at once")
    alice.look("24b-end-link")
    alice.press("Keep as it is")
    alice.page.locator(".menu > summary").click()
    alice.look("24c-menu")
    grant = alice.page.url.rstrip("/").rpartition("/")[2]
    alice.press("See my password")
    alice.confirm_afresh(pictures="25-fresh-code")
    if alice.page.get_by_role("button", name="Show my password").count():
        alice.look("26-password-ask")
        alice.press("Show my password")
    shown = alice.page.locator("code.groups")
    expect(shown).to_be_visible()
    alice.look("27-password")
    found = PASSWORD.search(shown.inner_text().replace("\n", ""))
    assert found is not None, shown.inner_text()
    return found[0], grant


def download(alice: Visitor, link: str, folder: Path) -> bytes:
    """Follow the mailed link and press its button."""
    alice.go(link)
    alice.look("28-landing")
    with alice.page.expect_download() as coming:
        alice.page.get_by_role("button", name=re.compile("^Download ")).click()
    return chain.saved(coming.value, folder).read_bytes()


def revoke(dan: Visitor, grant: str) -> None:
    """The steward ends the access, citing a clause."""
    dan.go(f"/stewardship/genebody/grants/{grant}/")
    dan.look("29-steward-grant")
    dan.press("Revoke this access…")
    dan.look("30-revoke")
    dan.page.locator("[name=clause_id]").select_option(CLAUSE)
    dan.fill({"reason": "The archive was found on a public file host; the salts name this access."})
    dan.page.get_by_role("button", name="Revoke", exact=True).click()
    dan.says("access is revoked")
    dan.look("31-steward-grant-revoked")


def find_it_ended(alice: Visitor, link: str, grant: str) -> None:
    """The same link and page afterwards."""
    answer = alice.page.goto(link)
    assert answer is not None
    assert answer.status == 404
    alice.says("This link does not open")
    alice.look("32-link-dead")
    alice.go(f"/grants/{grant}/")
    alice.says("This access was revoked")
    assert alice.page.get_by_role("link", name="See my password").count() == 0
    alice.look("33-grant-revoked")
    alice.go("/grants/")
    alice.look("34-access")


def look_around(alice: Visitor, dan: Visitor, carol: Visitor, reference: str) -> None:
    """The pages beside the way."""
    alice.go(f"/applications/{reference}/")
    alice.look("35-application-approved")
    for path, name in (
        ("/datasets/genebody/", "36-dataset-with-access"),
        ("/datasets/genebody/terms/1.0/", "37-terms"),
        ("/datasets/genebody/annotations/", "38-annotations"),
        ("/account/", "39-account"),
        ("/nowhere/", "40-not-found"),
        ("/accounts/logout/", "41-sign-out"),
        ("/accounts/2fa/", "42-second-step"),
    ):
        alice.go(path)
        alice.look(name)
    carol.go("/review/?show=all")
    carol.look("43-queue-all")
    dan.go("/record/?reference=GB-A-000000")
    dan.look("44-record-nothing")
