"""A steward ends access in a browser, the researcher reads of it and attests, and an auditor reads all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chain
from tests.browser.conftest import running_site
from tests.browser.people import Person
from tests.browser.site import ALICE, CAROL, DAN, Site
from tests.browser.test_joining import have_access
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
AUDREY = Person("Audrey Moreau", "audrey.moreau@genebody.example")
DESK = "/stewardship/genebody/"
CLAUSE = "no-redistribution"
REASON = "The archive was found on a public file host; the salts name this access."


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An installation of its own: everybody comes for the first time, and one access is ended."""
    yield from running_site(second_factor=False)


def test_a_steward_revokes_the_researcher_attests_and_the_auditor_changes_nothing(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    dan, carol, alice, audrey = (Visitor(browser, site, person) for person in (DAN, CAROL, ALICE, AUDREY))
    grant = have_access(dan, carol, alice, tmp_path)
    invite(dan, audrey)
    suspend_and_lift(dan, alice, grant)
    notice, procedure = revoke(dan, grant)
    certificate = attest(alice, notice, tmp_path)
    assert read_it(dan, procedure, tmp_path) == certificate
    bar(dan)
    audit(audrey, procedure, grant)
    assert read_it(audrey, procedure, tmp_path) == certificate
    assert [*alice.findings, *dan.findings, *audrey.findings] == []


def invite(dan: Visitor, audrey: Visitor) -> None:
    """The steward invites an auditor, who accepts."""
    dan.go(f"{DESK}people/")
    before = dan.site.mailbox.count()
    dan.page.get_by_text("Invite somebody").click()
    dan.fill({"email": audrey.person.address, "role": "auditor"})
    dan.press("Invite")
    mail = dan.site.mail_for(audrey.person, after=before, what="invitation", holds="/invitations/")
    audrey.sign_in()
    audrey.go(mail.addresses(r"/invitations?/")[0])
    audrey.press("Accept")


def suspend_and_lift(dan: Visitor, alice: Visitor, grant: str) -> None:
    """First it is only suspended, from the desk, by organization; the researcher reads why, and it is lifted."""
    dan.go(DESK)
    dan.look("60-desk")
    dan.press("End or suspend access…")
    dan.look("61-end-choose")
    dan.page.get_by_label("Suspend it; that can be lifted").check()
    dan.page.locator("[name=target]").select_option(index=1)
    dan.press("See whom it reaches")
    dan.says("It reaches 1 access, 1 person")
    dan.page.locator("[name=clause_id]").select_option(CLAUSE)
    dan.fill({"reason": "A report of a leak is being looked into."})
    dan.look("62-suspend-preview")
    dan.press("Suspend")
    dan.says("1 access is suspended; notice is on its way.")
    dan.look("63-suspension")
    alice.go(f"/grants/{grant}/")
    alice.says("This access is suspended")
    alice.says("A report of a leak is being looked into.")
    alice.look("64-grant-suspended")
    dan.page.get_by_text("Lift the suspension…").click()
    expect(dan.page.get_by_role("dialog", name="Lift this suspension?")).to_contain_text("opens again at once")
    dan.look("65-lift")
    dan.page.locator("dialog[open] [name=reason]").fill("It was another archive.")
    dan.page.locator("dialog[open]").get_by_role("button", name="Lift it").click()
    dan.says("The suspension is lifted")
    dan.look("66-suspension-lifted")


def revoke(dan: Visitor, grant: str) -> tuple[str, str]:
    """The steward revokes; return the address in the researcher's notice, and that of the procedure."""
    dan.go(f"{DESK}grants/{grant}/")
    dan.look("67-steward-grant")
    before = dan.site.mailbox.count()
    dan.press("Revoke this access…")
    dan.says("It cannot be undone")
    dan.page.locator("[name=clause_id]").select_option(CLAUSE)
    dan.fill({"reason": REASON})
    dan.look("68-revoke-preview")
    dan.press("Revoke")
    dan.says("1 access is revoked; notice is on its way.")
    dan.look("69-procedure")
    procedure = dan.page.url
    mail = dan.site.mail_for(ALICE, after=before, what="notice of the revocation", holds="/destruction/")
    assert REASON in " ".join(mail.text.split())
    return mail.addresses(r"/destruction/")[0], procedure


def attest(alice: Visitor, notice: str, folder: Path) -> bytes:
    """The researcher follows the notice, proves the mailbox, attests; return the certificate."""
    chain.age_sign_ins(alice.site)
    alice.go(notice)
    alice.says(REASON)
    alice.look("70-destruction")
    alice.press("Get a code, then attest")
    alice.confirm_afresh()
    for point in alice.page.locator("main form input[type=checkbox]").all():
        point.check()
    alice.fill({"name": alice.person.name})
    alice.look("71-destruction-attesting")
    alice.press("Attest")
    alice.says("Your attestation was received")
    alice.look("72-destruction-attested")
    certificate = download(alice, "Download the certificate", folder)
    alice.go("/grants/")
    alice.page.locator("main a.ref").first.click()
    alice.says("This access was revoked")
    alice.look("73-grant-revoked")
    return certificate


def read_it(who: Visitor, procedure: str, folder: Path) -> bytes:
    """Read on the procedure's page that the copies are attested destroyed; return the certificate found there."""
    who.go(procedure)
    who.says("Attested")
    who.says(f"signed “{ALICE.name}”")
    return download(who, "Certificate of destruction (PDF)", folder)


def download(who: Visitor, link: str, folder: Path) -> bytes:
    with who.page.expect_download() as coming:
        who.page.get_by_role("link", name=re.compile(re.escape(link))).first.click()
    data = chain.saved(coming.value, folder).read_bytes()
    assert data.startswith(b"%PDF-")
    return data


def bar(dan: Visitor) -> None:
    """The steward bars the researcher as well."""
    dan.look("74-procedure-attested")
    dan.go(f"{DESK}bars/")
    dan.look("75-bars-empty")
    dan.page.get_by_text("Bar somebody").click()
    dan.fill({"whom": ALICE.address, "reason": "The data were passed on."})
    dan.look("76-bar")
    dan.press("Bar them from applying")
    dan.says("is barred from applying.")
    dan.look("77-bars")


def audit(audrey: Visitor, procedure: str, grant: str) -> None:
    """The auditor reads every page of it and finds nothing to press."""
    for path, name in (
        (DESK, "78-auditor-desk"),
        (f"{DESK}procedures/", "79-auditor-procedures"),
        (procedure, "80-auditor-procedure"),
        (f"{DESK}grants/{grant}/", "81-auditor-grant"),
        (f"{DESK}bars/", "82-auditor-bars"),
        (f"{DESK}people/", "83-auditor-people"),
        (f"{DESK}mail/", "84-auditor-mail"),
        ("/record/", "85-auditor-record"),
    ):
        audrey.go(path)
        audrey.look(name)
        expect(audrey.page.locator("main form[method=post]")).to_have_count(0)
        expect(audrey.page.locator(f'main a[href^="{DESK}end/"]')).to_have_count(0)
    answer = audrey.page.goto(f"{DESK}end/?act=revoke&scope=grant&value={grant}")
    assert answer is not None
    assert answer.status == 404
