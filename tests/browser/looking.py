"""Looking at a page: pictures of it in light, dark and on a phone, and what axe and the console say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response

PICTURES: Final = Path(__file__).resolve().parent.parent.parent / "test-artefacts" / "screenshots"
WIDE: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
_GRAVE: Final = {"serious", "critical"}
_RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
# A picture of the page is taken only once its own pictures are there.
_DECODED: Final = "Promise.all([...document.images].map(image => image.decode().catch(() => null)))"
_OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Watch:
    """Collects what no page may have: console errors, refused resources, script errors."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: script error: {error}"))
        page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        # An address answered with 4xx on purpose (a form sent back, a dead link) is logged as an error as well.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.location.get('url')}: {message.text}")

    def _answered(self, response: Response) -> None:
        kind = response.request.resource_type
        if response.status >= 400 and kind in {"stylesheet", "script", "image", "font"}:
            self.complaints.append(f"{kind} {response.url}: {response.status}")


def look(page: Page, name: str) -> list[str]:
    """Save pictures of the page as `name-light.png`, `-dark` and `-phone`; return what is wrong with it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    page.wait_for_load_state("networkidle")
    page.evaluate(_DECODED)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png", full_page=True)
        found += [f"{name}, {scheme}: {line}" for line in violations(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.evaluate(_DECODED)
    page.screenshot(path=PICTURES / f"{name}-phone.png", full_page=True)
    found += [f"{name}, phone: {line}" for line in violations(page)]
    overflow = page.evaluate(_OVERFLOW)
    if overflow > 0:
        found.append(f"{name}, phone: {overflow} px wider than the screen")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return found + [f"{name}: {line}" for line in _frame(page)]


def violations(page: Page) -> list[str]:
    """Return what axe calls serious or critical on the page as it is, with the places."""
    answer = Axe().run(page, options=_RULES).response
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in answer["violations"]
        if one["impact"] in _GRAVE
    ]


def _frame(page: Page) -> list[str]:
    """Return what is missing of a language, a title of its own, one main heading and a landmark."""
    found = []
    if page.evaluate("document.documentElement.lang") != "en":
        found.append("the page does not say its language")
    if page.title().strip() in {"", "Countersign"}:
        found.append(f"the title says nothing: {page.title()!r}")
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} main headings")
    if page.locator("main").count() != 1:
        found.append("no main landmark")
    return found
