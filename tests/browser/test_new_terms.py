"""A steward publishes new terms in a browser and asks who has access; the researcher reads, ticks and agrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from agreements.core.clock import today
from tests.browser import chain
from tests.browser.conftest import running_site
from tests.browser.site import ALICE, DAN, Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
DESK = "/stewardship/genebody/terms/"
NOTE = "Pictures in papers were asked about so often that a clause of its own says now what is allowed."
PICTURES = """## Pictures in publications {#pictures}

Up to ten pictures may be printed in a scientific publication or shown in a scientific talk, where the results are about
them, and where the person in them agreed to it on their consent form.

"""


# Access as if Alice had applied; how one does that in a browser is shown elsewhere.
ACCESS = f"""
from types import SimpleNamespace
from agreements.catalog.models import Dataset
from agreements.grants.imported import confirming
from agreements.people.models import User
from tests.web.opening_things import bring_in
alice, _ = User.objects.get_or_create(email={ALICE.address!r}, defaults={{"name": "Alice Zhang"}})
grant = bring_in(SimpleNamespace(dataset=Dataset.objects.get(slug="genebody")), alice)
confirming.confirm(grant=grant, by=alice.actor)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An installation of its own: the terms change for everybody."""
    yield from running_site(second_factor=False)


def edited(text: str) -> str:
    """Return the sample's terms with a clause changed, one added and one moved."""
    old = "The dataset may be used for research that is not commercial, and for nothing else."
    assert old in text
    text = text.replace(old, "The dataset may be used for research and for teaching that are not commercial.")
    before, termination = text.split("## Termination", 1)
    termination, after = termination.split("\n## ", 1)
    head, research = before.split("## Research only", 1)
    research, rest = research.split("## No exploitation", 1)
    moved = f"## Termination{termination}\n"
    return f"{head}{moved}## Research only{research}{PICTURES}## No exploitation{rest}## {after}"


def test_new_terms_from_the_text_to_the_consent(site: Site, browser: Browser, tmp_path: Path) -> None:
    dan, alice = (Visitor(browser, site, person) for person in (DAN, ALICE))
    site.manage("shell", "-c", ACCESS)
    for person in (dan, alice):
        person.sign_in()
    alice.go("/grants/")
    grant = alice.page.locator("main th a.ref").inner_text()
    publish(dan)
    announced(alice)
    ask(dan)
    agree(alice, grant, tmp_path)
    followed(dan, grant)
    assert [*alice.findings, *dan.findings] == []


def publish(dan: Visitor) -> None:
    """The steward edits the newest text, is told of a mistake with its line, and looks before publishing."""
    dan.go(DESK)
    dan.look("80-terms-desk")
    dan.press("Publish a new version")
    field = dan.page.locator("[name=clauses]")
    text = field.input_value()
    dan.fill({"effective_from": (today() + dt.timedelta(days=20)).isoformat(), "clauses": "No heading\n" + text})
    dan.press("Look at the differences")
    dan.says("Line 1: Text before the first clause")
    dan.look("81-terms-new-refused")
    dan.fill({"clauses": edited(text)})
    dan.press("Look at the differences")
    dan.says("1 clause changed, 1 clause is new, 1 moved; 7 stay as they are.")
    dan.look("82-terms-look")
    dan.page.get_by_text("Publish…").click()
    dan.page.get_by_role("dialog").or_(dan.page.locator("details[open]")).get_by_role("button", name="Publish").click()
    dan.says("Terms 1.1 are published.")
    dan.look("83-terms-decision")


def announced(alice: Visitor) -> None:
    """Anybody reads what is coming; without a difference of colour too."""
    alice.go("/datasets/genebody/")
    alice.says("Terms 1.1 take effect on")
    alice.look("84-dataset-announces")
    alice.page.get_by_role("link", name="See what changes").click()
    alice.says("1 clause changed, 1 clause is new, 1 moved")
    alice.look("85-terms-changes")
    for mark, line in (("ins", "underline"), ("del", "line-through")):
        style = alice.page.locator(f".change {mark}").first.evaluate("one => getComputedStyle(one).textDecorationLine")
        assert style == line, "marked by more than a colour"
    alice.page.emulate_media(media="print")
    expect(alice.page.locator(".change ins").first).to_be_visible()
    alice.page.emulate_media(media="screen")


def ask(dan: Visitor) -> None:
    """The steward sees whom it reaches and by when, and asks."""
    dan.page.get_by_label("Ask every holder to agree").check()
    dan.fill({"grace_days": "30", "note": NOTE})
    dan.press("See whom it reaches")
    dan.says("It reaches 1 access")
    dan.look("86-terms-reach")
    dan.press("Ask them")
    dan.says("It is decided and begins now.")


def agree(alice: Visitor, grant: str, folder: Path) -> None:
    """The researcher is mailed, reads what is different, ticks it, and types the code."""
    alice.site.mail_for(alice.person, after=0, what="question about new terms", holds=f"/grants/{grant}/terms/")
    alice.go("/grants/")
    alice.look("87-access-list")
    alice.go(f"/grants/{grant}/")
    alice.says("New terms: agree by")
    alice.look("88-access-asked")
    alice.page.get_by_role("link", name="Read and agree").click()
    alice.says(NOTE)
    alice.look("89-new-terms")
    alice.press("Go on: mail me a code")
    alice.says("if you agree to it")
    alice.look("90-new-terms-refused")
    for box in alice.page.locator("main input[type=checkbox]").all():
        box.check()
    after = alice.site.mailbox.count()
    alice.press("Go on: mail me a code")
    alice.says("Confirm it by a code")
    alice.look("91-new-terms-code")
    alice.fill({"code": alice.site.code_for(alice.person, after=after)})
    alice.press("Confirm")
    alice.says("You agreed to terms 1.1.")
    with alice.page.expect_download() as coming:
        alice.page.get_by_role("link", name="Consent (PDF)").click()
    assert chain.saved(coming.value, folder).read_bytes().startswith(b"%PDF-")
    alice.look("92-access-agreed")


def followed(dan: Visitor, grant: str) -> None:
    """The steward sees who agreed."""
    dan.go(f"{DESK}1.1/")
    dan.says("Consent (PDF)")
    dan.look("93-campaign")
    expect(dan.page.locator("svg.stacked-bar")).to_have_attribute(
        "aria-label", "1 of 1 agreed. The table below has the values."
    )
    dan.go(DESK)
    dan.says("1 of 1 agreed")
    dan.look("94-terms-desk-after")
