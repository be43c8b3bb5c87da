"""A person at a browser of their own: signs in by the mailed code, fills in forms, presses buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looking import WIDE, Watch, look
from tests.browser.people import Person
from tests.browser.site import Site


class Visitor:
    """One context: cookies of its own, and everything that was found wrong on the way in `findings`."""

    def __init__(self, browser: Browser, site: Site, person: Person, *, scripts: bool = True) -> None:
        self.site = site
        self.person = person
        self.context: BrowserContext = browser.new_context(
            viewport=WIDE,  # type: ignore[arg-type]  # a size, as Playwright wants it
            java_script_enabled=scripts,
            base_url=site.url,
            accept_downloads=True,
            locale="en-GB",
            timezone_id="Asia/Hong_Kong",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.watch = Watch(self.page)
        self._findings: list[str] = []

    @property
    def findings(self) -> list[str]:
        """What axe, the console and the frame of the pages had to say so far."""
        return [*self._findings, *self.watch.complaints]

    def look(self, name: str) -> None:
        """Take pictures of the page and keep what is wrong with it."""
        self._findings += look(self.page, name)

    def go(self, path: str) -> None:
        """Open a path of the site or an address."""
        self.page.goto(path)

    def press(self, name: str) -> None:
        """Press the button, or follow the link that looks like one, with this text."""
        self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        ).first.click()

    def fill(self, values: Mapping[str, str]) -> None:
        """Type into the fields with these names; a list is chosen from by its value."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]:not([type=hidden])").first
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def sign_in(self, *, pictures: str = "") -> None:
        """Sign in from the page that asks for the address, or from the sign-in page."""
        if self.page.locator("main [name=email]").count() == 0:
            self.go("/accounts/login/")
        if pictures:
            self.look(f"{pictures}-address")
        after = self.site.mailbox.count()
        self.fill({"email": self.person.address})
        self.page.locator("main form button[type=submit]").first.click()
        if pictures:
            self.look(f"{pictures}-code")
        self.fill({"code": self.site.code_for(self.person, after=after)})
        self.press("Confirm")
        # Where that leads depends on the person: staff without a second factor set one up first.
        expect(self.page).not_to_have_url(re.compile("/accounts/login/"))

    def confirm_afresh(self, *, pictures: str = "") -> None:
        """Prove the mailbox again where the page asks for it."""
        after = self.site.mailbox.count()
        if pictures:
            self.look(f"{pictures}-asked")
        self.press("Mail me a code")
        code = self.site.code_for(self.person, after=after)
        if pictures:
            self.look(f"{pictures}-code")
        self.fill({"code": code})
        self.press("Confirm")

    def says(self, text: str) -> None:
        """Wait until the main part of the page shows a text."""
        expect(self.page.locator("main")).to_contain_text(text)
