"""Whoever holds a file asks the site whether it is ours: by dropping it, on a phone, without scripts, signed out."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chain
from tests.browser.people import Person
from tests.browser.site import EVE, Site
from tests.browser.visitor import Visitor
from tests.documents.judging_by_hand import filled

pytestmark = pytest.mark.timeout(300)
LOOK = 25_000
UNSIGNED = "Ours and unaltered, but not signed; no access rests on it"
"""Milliseconds: a look inside is given twenty seconds."""
NORA = Person("Nora Lind", "nora@connect.ust.hk")


@pytest.fixture(scope="module")
def agreement(site: Site, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nora's agreement as the site gave it out."""
    nora = Visitor(browser, site, NORA)
    chain.begin(nora)
    chain.fill_in(nora)
    nora.press("Make my agreement")
    with nora.page.expect_download() as coming:
        nora.press("Download the agreement (PDF)")
    return chain.saved(coming.value, tmp_path_factory.mktemp("nora"))


def asked(eve: Visitor, file: Path) -> None:
    eve.page.locator("[name=file]").set_input_files(file)
    eve.press("Verify")


def test_eve_follows_the_footer_and_is_told_what_she_holds(
    site: Site, browser: Browser, agreement: Path, tmp_path: Path
) -> None:
    eve = Visitor(browser, site, EVE)
    eve.go("/")
    eve.page.get_by_role("contentinfo").get_by_role("link", name="Verify an agreement").click()
    eve.page.wait_for_url("**/verify/")
    eve.look("60-verify")
    asked(eve, agreement)
    expect(eve.page.get_by_role("heading", name=UNSIGNED)).to_be_visible()
    eve.look("61-verify-ours")
    typed = tmp_path / "filled.pdf"
    typed.write_bytes(filled(agreement.read_bytes(), {"signing_place": "Hong Kong"}, ticked=True))
    asked(eve, typed)
    expect(eve.page.get_by_role("heading", name="Ours, filled in since")).to_be_visible(timeout=LOOK)
    bad = tmp_path / "bad.pdf"
    changed = bytearray(agreement.read_bytes())
    changed[len(changed) // 2] ^= 1
    bad.write_bytes(changed)
    asked(eve, bad)
    expect(eve.page.get_by_role("heading", name="Changed: do not rely on it")).to_be_visible(timeout=LOOK)
    eve.look("62-verify-changed")
    assert NORA.name not in eve.page.locator("body").inner_text()
    assert eve.context.cookies() == []
    assert eve.findings == []


def test_without_scripts_the_same_is_said(site: Site, browser: Browser, agreement: Path) -> None:
    eve = Visitor(browser, site, EVE, scripts=False)
    eve.go("/verify/")
    asked(eve, agreement)
    expect(eve.page.get_by_role("heading", name=UNSIGNED)).to_be_visible()
    assert eve.watch.complaints == []
