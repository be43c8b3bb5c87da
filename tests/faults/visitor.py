"""A person at a browser whose every request is timed."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx

from tests.figures import FIGURES


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, and how long it took in seconds."""

    status: int
    text: str
    location: str
    seconds: float


class Visitor:
    """Keeps cookies, follows no redirects: what is timed is one answer."""

    def __init__(self, base: str, *, session: str = "", timeout: float = 30) -> None:
        self.client = httpx.Client(base_url=base, timeout=timeout, follow_redirects=False)
        if session:
            self.client.cookies.set("session", session, domain="127.0.0.1")
        self.answers: list[tuple[str, float]] = []

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._timed("GET", path)

    def post(
        self,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        **more: str,
    ) -> Answer:
        """Send a form of this site."""
        values = (fields or {}) | more | {"csrfmiddlewaretoken": self._token()}
        return self._timed("POST", path, files=files, values=values)

    def note(self, what: str) -> float:
        """Keep the slowest and the middle answer since the last note for the report; return the slowest."""
        times = sorted(seconds for _path, seconds in self.answers)
        slowest = max(self.answers, key=lambda one: one[1])
        FIGURES.append(
            f"{what}: {len(times)} pages, median {times[len(times) // 2]:.2f} s, "
            f"slowest {slowest[1]:.2f} s ({slowest[0]})"
        )
        self.answers = []
        return slowest[1]

    def _token(self) -> str:
        # The double-submit cookie: its value is accepted as the form's token.
        if "csrf" not in self.client.cookies:
            self.client.cookies.set("csrf", "f" * 32, domain="127.0.0.1")
        return str(self.client.cookies["csrf"])

    def _timed(
        self,
        method: str,
        path: str,
        *,
        values: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
    ) -> Answer:
        began = time.monotonic()
        response = self.client.request(method, path, data=values, files=files)
        seconds = time.monotonic() - began
        self.answers.append((f"{method} {re.sub(r'[A-Z0-9]{2,}-[A-Z0-9-]+', 'REF', path)}", seconds))
        return Answer(response.status_code, response.text, response.headers.get("Location", ""), seconds)
