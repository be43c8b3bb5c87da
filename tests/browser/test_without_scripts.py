"""With JavaScript switched off, everything still works; folds open by themselves, dialogs unfold in place."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chain
from tests.browser.site import BOB, Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(300)


def test_bob_applies_and_withdraws_without_javascript(site: Site, browser: Browser, tmp_path: Path) -> None:
    bob = Visitor(browser, site, BOB, scripts=False)
    reference = chain.begin(bob)
    chain.fill_in(bob)
    chain.sign(bob, tmp_path)
    chain.hand_in(bob)
    bob.page.locator("#withdraw > summary").click()
    bob.says("Nobody will look at it any more")
    bob.press("Withdraw it")
    bob.says("The application was withdrawn.")
    bob.go("/applications/")
    expect(bob.page.get_by_role("row", name=reference)).to_contain_text("Withdrawn")
    assert bob.watch.complaints == []
