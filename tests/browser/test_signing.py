"""Signing at the browser: by drawing, with the mouse, and by typing, with the keyboard alone; looked at on the way."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chain
from tests.browser.looking import PHONE, PICTURES, violations
from tests.browser.people import Person
from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(300)

# Of this module alone: what they leave behind is in nobody's way.
ALICE = Person("Alice Zhang 张爱丽", "alice.signs@connect.ust.hk")
BOB = Person("Bob Lee", "bob.signs@connect.ust.hk")
EVE = Person("Eve Adler", "eve.signs@stranger.example")
FAY = Person("Fay Novak", "fay@connect.ust.hk")

_BRIGHTEST = """
canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let most = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) most = Math.max(most, data[at]);
  return most;
}
"""


def to_the_signature(who: Visitor) -> str:
    reference = chain.begin(who)
    chain.fill_in(who)
    who.press("Make my agreement")
    who.press("Go on to the signature")
    return reference


def draw(who: Visitor) -> None:
    """A hand's movement: up and down across the box, then a line under it."""
    pad = who.page.locator("[data-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    mouse = who.page.mouse
    for stroke in (
        [(0.12 + 0.006 * at, 0.5 + 0.3 * math.sin(at / 4) * math.cos(at / 19)) for at in range(60)],
        [(0.52 + 0.006 * at, 0.55 - 0.2 * abs(math.sin(at / 6))) for at in range(50)],
        [(0.15 + 0.014 * at, 0.8 + 0.01 * math.sin(at)) for at in range(45)],
    ):
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point)
        mouse.up()


def draw_by_touch(who: Visitor) -> None:
    """Two strokes of a finger; the page must not scroll away under it."""
    pad = who.page.locator("[data-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    client = who.context.new_cdp_session(who.page)
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    for low in (0.3, 0.6):
        for at in range(30):
            x, y = box["x"] + (0.1 + 0.026 * at) * box["width"], box["y"] + (low + 0.01 * (at % 12)) * box["height"]
            kind = "touchMove" if at else "touchStart"
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert pad.bounding_box() == box, "the page moved under the finger"
    client.detach()


def confirm(who: Visitor, *, pictures: str = "") -> None:
    after = who.site.mailbox.count()
    who.press("Go on: confirm with a code")
    mail = who.site.mail_for(who.person, after=after, what="mail with a code", holds="code")
    assert "to sign the release agreement of GeneBody" in " ".join(mail.text.split())
    if pictures:
        who.look(pictures)
    who.fill({"code": mail.code})
    who.press("Sign the agreement")
    who.says("You have signed the agreement.")


def test_alice_draws_her_signature(site: Site, browser: Browser) -> None:
    alice = Visitor(browser, site, ALICE)
    reference = to_the_signature(alice)
    alice.look("sign-01-ways")
    alice.press("Sign in the browser")
    alice.look("sign-02-clauses")
    left = alice.page.locator("[data-left]")
    ticks = alice.page.locator(".clause-to-sign input")
    expect(left).to_contain_text(f"{ticks.count()} clauses are left to accept.")
    for at in range(ticks.count()):
        left.get_by_role("button", name="Go to the next one").click()
        expect(ticks.nth(at)).to_be_focused()
        alice.page.keyboard.press("Space")
    expect(left).to_contain_text("All clauses are accepted.")
    undo, status = alice.page.get_by_role("button", name="Undo the last stroke"), alice.page.locator("[data-drawn]")
    expect(undo).to_be_disabled()
    draw(alice)
    expect(status).to_have_text("3 strokes are drawn.")
    undo.click()
    expect(status).to_have_text("2 strokes are drawn.")
    alice.press("Clear")
    expect(status).to_have_text("Nothing is drawn yet.")
    draw(alice)
    alice.look("sign-03-drawn")
    # What is refused keeps the drawing.
    alice.fill({"name": "Alice 😀"})
    alice.press("Go on: confirm with a code")
    alice.says("grinning face")
    expect(status).to_have_text("3 strokes are drawn.")
    alice.look("sign-04-refused")
    alice.fill({"name": "Alice Zhang 张爱丽"})
    confirm(alice, pictures="sign-05-confirm")
    alice.says("drawn.")
    alice.look("sign-06-signed")
    alice.go(f"/applications/{reference}/signed-copy/")
    alice.look("sign-07-step")
    with alice.page.expect_download() as coming:
        alice.press("Download the signed agreement (PDF)")
    assert coming.value.suggested_filename == f"{reference}-signed.pdf"
    chain.hand_in(alice)
    alice.says("Signed in the browser by Alice Zhang 张爱丽 on")
    alice.look("sign-08-status")
    assert alice.findings == []


def test_bob_types_his_name_with_the_keyboard(site: Site, browser: Browser) -> None:
    bob = Visitor(browser, site, BOB)
    to_the_signature(bob)
    bob.press("Sign in the browser")
    for tick in bob.page.locator(".clause-to-sign input").all():
        tick.focus()
        bob.page.keyboard.press("Space")
    bob.page.get_by_label("Draw it").focus()
    bob.page.keyboard.press("ArrowDown")
    expect(bob.page.get_by_label("Type my name")).to_be_checked()
    expect(bob.page.locator("[data-pad]")).to_be_hidden()
    bob.page.get_by_label(re.compile("this is your signature")).focus()
    bob.page.keyboard.type("Bob Lee")
    bob.look("sign-11-typed")
    confirm(bob, pictures="sign-12-typed-confirm")
    bob.says("typed.")
    bob.look("sign-13-typed-signed")
    assert bob.findings == []


def test_without_scripts_the_name_is_typed(site: Site, browser: Browser) -> None:
    eve = Visitor(browser, site, EVE, scripts=False)
    to_the_signature(eve)
    eve.press("Sign in the browser")
    for tick in eve.page.locator(".clause-to-sign input").all():
        tick.check()
    expect(eve.page.locator("[data-pad]")).to_be_hidden()
    eve.fill({"typed": "Eve Adler"})
    confirm(eve)
    eve.press("Go on")
    expect(eve.page.get_by_role("button", name="Submit the application")).to_be_visible()
    assert eve.watch.complaints == []


def test_in_the_dark_on_a_telephone_it_is_drawn_with_a_finger_then_typed(site: Site, browser: Browser) -> None:
    fay = Visitor(browser, site, FAY)
    page, found = fay.page, []

    def look(name: str) -> None:
        found.extend(violations(page))
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{name} is wider than the screen")
        page.screenshot(path=PICTURES / f"{name}-dark-phone.png", full_page=True)

    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size, as Playwright wants it
    to_the_signature(fay)
    fay.press("Sign in the browser")
    for tick in page.locator(".clause-to-sign input").all():
        tick.check()
    draw_by_touch(fay)
    expect(page.locator("[data-drawn]")).to_have_text("2 strokes are drawn.")
    assert page.locator("[data-pad]").evaluate(_BRIGHTEST) > 150, "dark ink on a dark page"
    look("sign-21-drawn")
    confirm(fay)
    fay.says("drawn.")
    look("sign-22-signed")
    fay.press("Sign it again")
    for tick in page.locator(".clause-to-sign input").all():
        tick.check()
    page.get_by_label("Type my name").check()
    page.get_by_label(re.compile("this is your signature")).fill(FAY.name)
    look("sign-23-typed")
    confirm(fay)
    fay.says("typed.")
    look("sign-24-typed-signed")
    assert found == []
    assert fay.findings == []
