"""Where staff needs a second factor, the desk opens only after an authenticator app was set up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import DAN, Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(300)


def totp(secret: str) -> str:
    """Return the six digits of this half minute (RFC 6238, SHA-1)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_the_steward_sets_up_an_app_before_the_desk_opens(site_with_second_factor: Site, browser: Browser) -> None:
    dan = Visitor(browser, site_with_second_factor, DAN)
    dan.sign_in()
    dan.go("/stewardship/genebody/")
    dan.says("Your role needs a second factor beside the mailed code.")
    dan.look("51-second-step-set-up")
    secret = re.search(r"\b[A-Z2-7]{32}\b", dan.page.locator("main").inner_text() + _values(dan))
    assert secret is not None
    dan.fill({"code": totp(secret[0])})
    dan.page.locator("main form button[type=submit]").first.click()
    dan.look("52-recovery-codes")
    dan.go("/stewardship/genebody/")
    expect(dan.page.locator("h1")).to_have_text("Stewardship")
    assert dan.findings == []


def _values(dan: Visitor) -> str:
    fields = dan.page.locator("main input").evaluate_all("fields => fields.map(field => field.value)")
    return " ".join(str(value) for value in fields)
