"""One person at a browser: cookies, links, forms. Knows HTTP and nothing of what answers."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping

import httpx

from demo.pages import Form, Page, read_page


class WalkFailed(AssertionError):
    """The site did not do what the walk expects; the text says where and what was seen."""


def http_client(certificate: str | None = None) -> httpx.Client:
    """Return a client that trusts one more certificate authority, if a file of it is given."""
    trusted = ssl.create_default_context(cafile=certificate) if certificate else True
    return httpx.Client(follow_redirects=True, timeout=60, verify=trusted)


class Visitor:
    """Goes from page to page by what stands on them."""

    def __init__(self, name: str, address: str, *, base: str, certificate: str | None = None) -> None:
        self.name = name
        self.address = address
        self.base = base.rstrip("/")
        self.client = http_client(certificate)
        self.page = read_page(self.base, 0, "", {})

    def go(self, address: str, *, expect: int | None = 200) -> Page:
        """Open an address (or a path of this site)."""
        url = address if address.startswith("http") else self.base + address
        return self._arrive(self.client.get(url, headers=self._from_here()), expect)

    def follow(self, pattern: str) -> Page:
        """Follow the first link of this page that matches. Raises WalkFailed."""
        found = self.page.find_link(pattern)
        if found is None:
            seen = sorted({address for address, _ in self.page.links})
            raise WalkFailed(f"{self._place()}: no link like {pattern!r} among {seen}")
        return self.go(found)

    def form(self, *, has: str = "", action: str = "", button: str = "") -> Form:
        """Return the form of this page that fits. Raises WalkFailed."""
        found = self.page.find_form(has=has, action=action, button=button)
        if found is None:
            seen = "; ".join(form.describe() for form in self.page.forms)
            raise WalkFailed(f"{self._place()}: no form with {has or action or button!r}; there are: {seen}")
        return found

    def submit(
        self,
        form: Form,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        button: str = "",
        expect: int | None = 200,
    ) -> Page:
        """Send a form as a browser would: what stands in it, what was typed, and the button that was pressed."""
        sent = form.standing()
        for name, value in (values or {}).items():
            sent[name] = value if isinstance(value, list) else [value]
        pressed = next((b for b in form.buttons if button.lower() in f"{b.label} {b.value}".lower()), None)
        if pressed is not None and pressed.name:
            sent[pressed.name] = [pressed.value]
        headers = self._from_here()
        if form.method == "get":
            return self._arrive(self.client.get(form.action, params=sent, headers=headers), expect)
        answer = self.client.post(form.action, data=sent, files=dict(files) if files else None, headers=headers)
        return self._arrive(answer, expect)

    def reload_until(self, seen: Callable[[Page], bool], *, what: str, seconds: float = 60) -> Page:
        """Open this page again and again until it shows something. Raises WalkFailed."""
        end = time.monotonic() + seconds
        while not seen(self.page):
            if time.monotonic() > end:
                raise WalkFailed(
                    f"{self._place()}: waited {seconds:.0f} s for {what}; it says: {self.page.text[:1500]}"
                )
            time.sleep(0.5)
            self.go(self.page.url)
        return self.page

    def _arrive(self, answer: httpx.Response, expect: int | None) -> Page:
        is_text = answer.headers.get("Content-Type", "").startswith("text/html")
        html = answer.text if is_text else ""
        self.page = read_page(str(answer.url), answer.status_code, html, dict(answer.headers))
        if expect is not None and answer.status_code != expect:
            raise WalkFailed(f"{self._place()}: answered {answer.status_code}, not {expect}: {self.page.text[:1500]}")
        return self.page

    def _from_here(self) -> dict[str, str]:
        return {"Referer": self.page.url} if self.page.status else {}

    def _place(self) -> str:
        return f"{self.name} at {self.page.url}"
