"""What a page owes to people who use a keyboard, a screen reader, paper, or who cannot bear motion."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import DETAILS, Person
from tests.browser.site import DAN, EVE, Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(300)
BOB_AT_HOME = Person("Bob Lee", "bob.at.home@connect.ust.hk")
_MOVING = """[...document.querySelectorAll("*")].filter(element => {
  const style = getComputedStyle(element);
  const times = [style.transitionDuration, style.animationDuration].join(",").split(",");
  return times.some(time => parseFloat(time) > 0);
}).map(element => element.className)"""
_FOCUSED = "document.activeElement.name || document.activeElement.innerText || document.activeElement.tagName"


def tab_to(page: Page, text: str, *, most: int = 60) -> None:
    """Press Tab until what has the focus shows a text. Fails when it is not reached."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if text in str(page.evaluate(_FOCUSED)):
            return
    raise AssertionError(f"{text!r} is not reached by Tab on {page.url}")


def test_bob_begins_an_application_with_the_keyboard_alone(site: Site, browser: Browser) -> None:
    bob = Visitor(browser, site, BOB_AT_HOME)
    page = bob.page
    bob.go("/datasets/genebody/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    tab_to(page, "Apply for Train40")
    page.keyboard.press("Enter")
    expect(page.locator("[name=email]")).to_be_focused()
    after = site.mailbox.count()
    page.keyboard.type(BOB_AT_HOME.address)
    page.keyboard.press("Enter")
    expect(page.locator("[name=code]")).to_be_focused()
    page.keyboard.type(site.code_for(BOB_AT_HOME, after=after))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start the application")).to_be_visible()
    tab_to(page, "Start the application")
    page.keyboard.press("Enter")
    page.wait_for_url("**/details/")
    for name, value in DETAILS.items():
        tab_to(page, name)
        page.keyboard.type("Hong Kong SAR" if name == "country" else value)
    tab_to(page, "Save and go on")
    page.keyboard.press("Enter")
    page.wait_for_url("**/site/")
    assert bob.findings == []


def test_a_form_sent_back_says_what_is_wrong_keeps_what_was_typed_and_takes_the_focus(
    site: Site, browser: Browser
) -> None:
    eve = Visitor(browser, site, EVE)
    eve.go("/datasets/genebody/apply/")
    eve.sign_in()
    eve.press("Start the application")
    form = eve.page.locator("main form")
    form.evaluate("form => { form.noValidate = true }")
    eve.fill({"name": "Eve", "organization": "", "city": "Wien"})
    eve.press("Save and go on")
    box = eve.page.locator(".form-errors")
    expect(box).to_be_focused()
    expect(box).to_contain_text("Everything you typed is still here.")
    expect(eve.page.locator("[name=city]")).to_have_value("Wien")
    eve.look("50-details-sent-back")
    box.get_by_role("link", name="Organization").click()
    field = eve.page.locator("[name=organization]")
    expect(field).to_be_focused()
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby") or ""
    assert any(eve.page.locator(f"[id='{one}']").inner_text().startswith("Error:") for one in described.split())
    assert eve.findings == []


def test_nothing_moves_for_those_who_asked_for_less_motion(site: Site, browser: Browser) -> None:
    page = Visitor(browser, site, EVE).page
    page.emulate_media(reduced_motion="no-preference")
    page.goto("/datasets/genebody/")
    assert page.evaluate(_MOVING) != []
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(_MOVING) == []


def test_the_record_on_paper_is_the_table_and_nothing_to_press(site: Site, browser: Browser) -> None:
    dan = Visitor(browser, site, DAN)
    dan.sign_in()
    dan.go("/record/")
    dan.page.emulate_media(media="print")
    for gone in (".site-nav", ".filters", ".site-footer", ".menu"):
        expect(dan.page.locator(gone).first).to_be_hidden()
    expect(dan.page.get_by_role("table")).to_be_visible()
    assert dan.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
