"""The steps of the chain at the browser, as a person does them; pictures where a name for them is given."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Download, expect

from demo.signing import print_sign_scan
from tests.browser.people import DETAILS, SITE
from tests.browser.site import Site
from tests.browser.visitor import Visitor

_AGE = """
import datetime as dt
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
for row in Session.objects.all():
    session = SessionStore(session_key=row.pk)
    proved = session.get("mailbox_proved")
    if proved:
        proved["at"] = (dt.datetime.fromisoformat(proved["at"]) - dt.timedelta(hours=1)).isoformat()
        session["mailbox_proved"] = proved
        session.save()
"""
_REFERENCE = re.compile(r"/applications/([^/]+)/")


def begin(who: Visitor, *, pictures: bool = False) -> str:
    """From the first page to a draft; return the application's reference."""
    who.go("/")
    if pictures:
        who.look("01-dataset")
    who.page.get_by_role("link", name="Apply for Train40").first.click()
    who.sign_in(pictures="02-sign-in" if pictures else "")
    if pictures:
        who.look("03-apply")
    who.press("Start the application")
    found = _REFERENCE.search(who.page.url)
    assert found is not None, f"no application was started: {who.page.url}"
    return found[1]


def fill_in(who: Visitor, *, pictures: bool = False) -> None:
    """Details, site and use; each page is saved as it is left."""
    if pictures:
        who.look("04-details-empty")
    who.fill(DETAILS | {"name": who.person.name})
    who.press("Save and go on")
    if pictures:
        who.look("05-site-empty")
    who.fill(SITE)
    who.press("Save and go on")


def sign(who: Visitor, folder: Path, *, pictures: bool = False) -> None:
    """Fetch the agreement, sign it on paper, upload the scan, wait until it was opened."""
    if pictures:
        who.look("06-agreement-before")
    who.press("Make my agreement")
    if pictures:
        who.look("07-agreement")
    with who.page.expect_download() as coming:
        who.press("Download the agreement (PDF)")
    issued = saved(coming.value, folder)
    assert issued.read_bytes().startswith(b"%PDF-")
    who.press("Go on to the signature")
    if pictures:
        who.look("08-signature")
    scan = folder / "Signed agreement, scanned on the second floor.pdf"
    scan.write_bytes(print_sign_scan(issued.read_bytes(), name=who.person.name))
    who.page.locator("input[name=file]").set_input_files(scan)
    who.press("Upload")
    who.says("was received")
    opened = who.page.locator("#copy-state").get_by_text(re.compile(r"was opened: \d+ pages?"))
    for _ in range(60):
        if opened.count():
            break
        who.page.wait_for_timeout(500)
        who.page.reload()
    expect(opened).to_be_visible()
    if pictures:
        who.look("09-signature-opened")


def hand_in(who: Visitor, *, pictures: bool = False) -> None:
    """The last look, and submit."""
    who.press("Go on")
    if pictures:
        who.look("10-submit")
    who.page.get_by_label("I have read the terms").check()
    who.press("Submit the application")
    who.says("In review since")
    if pictures:
        who.look("11-application-in-review")


def age_sign_ins(site: Site) -> None:
    """Make every sign-in an hour older, so that what is protected asks for a fresh code."""
    site.manage("shell", "-c", _AGE)


def evidence_is_there(who: Visitor) -> None:
    """Reload the case until its evidence is complete."""
    for _ in range(120):
        pending = who.page.locator("#evidence-state").get_by_text("being gathered").count()
        if not pending and who.page.locator(".evidence-row").count() and who.page.locator(".page-images img").count():
            return
        who.page.wait_for_timeout(500)
        who.page.reload()
    raise AssertionError(f"the evidence did not come: {who.page.locator('main').inner_text()[:1500]}")


def saved(download: Download, folder: Path) -> Path:
    """Keep a download and return where."""
    path = folder / download.suggested_filename
    download.save_as(path)
    return path
