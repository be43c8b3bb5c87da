"""The eyes of the walk see what they are there to see: pages made wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.looking import Watch, violations

GOOD = "<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1><p>Words.</p></main></html>"
Show = Callable[[str], tuple[Page, Watch]]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Open a page with the given HTML under the strict policy of the site."""
    context = browser.new_context()

    def opened(html: str) -> tuple[Page, Watch]:
        def answer(route: Route) -> None:
            route.fulfill(
                body=html, content_type="text/html", headers={"Content-Security-Policy": "default-src 'self'"}
            )

        page = context.new_page()
        watch = Watch(page)
        page.route("http://page.example/**", answer)
        page.goto("http://page.example/")
        return page, watch

    yield opened
    context.close()


def test_a_good_page_has_nothing_to_complain_about(show: Show) -> None:
    page, watch = show(GOOD)
    assert violations(page) == []
    assert watch.complaints == []


def test_a_broken_policy_is_heard(show: Show) -> None:
    _page, watch = show(GOOD.replace("<p>", "<p style='color: red'>"))
    assert any("Content Security Policy" in line for line in watch.complaints)


def test_grey_on_white_and_a_button_without_a_name_are_seen(show: Show) -> None:
    page, _watch = show(GOOD.replace("Words.", "<button></button>"))
    assert any(line.startswith("button-name (critical)") for line in violations(page))
    page.evaluate("document.querySelector('p').style.setProperty('color', '#bbb')")
    page.evaluate("document.querySelector('p').append('Pale words')")
    assert any(line.startswith("color-contrast (serious)") for line in violations(page))
