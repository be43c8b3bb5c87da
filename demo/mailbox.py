"""Reading what arrived at the SMTP sink: from its folder, or from its viewer's addresses."""

from __future__ import annotations

import email
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import httpx

CODE = re.compile(r"^\s*((?:[0-9A-Z]{3,6})(?:-[0-9A-Z]{3,6})+|[0-9A-Z]{6,10})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One mail as it was sent."""

    name: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Return it parsed."""
        parsed = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def subject(self) -> str:
        """Return the subject line."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """Return the plain text."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body else ""

    def addresses(self, pattern: str) -> list[str]:
        """Return the web addresses in its text that match."""
        return [found for found in re.findall(r"https?://[^\s<>\"']+", self.text) if re.search(pattern, found)]

    @property
    def code(self) -> str:
        """Return the code that stands on a line of its own, or nothing."""
        found = CODE.search(self.text)
        return found[1] if found else ""


class Mailbox:
    """All mail of the sink, in the order in which it came."""

    def __init__(self, source: str, certificate: str | None = None) -> None:
        self._source = source.rstrip("/")
        self._over_http = source.startswith("http")
        self._certificate = certificate
        self._known: dict[str, Mail] = {}

    def all(self) -> list[Mail]:
        """Return every mail so far."""
        for name in self._names():
            if name not in self._known:
                self._known[name] = Mail(name, self._raw(name))
        return [self._known[name] for name in sorted(self._known)]

    def count(self) -> int:
        """Return how many there are: the mark after which something new is waited for."""
        return len(self.all())

    def wait_for(
        self, recipient: str, suits: Callable[[Mail], bool], *, what: str, after: int = 0, seconds: float = 60
    ) -> Mail:
        """Return the first mail to somebody, later than a mark, that suits. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while True:
            for mail in self.all()[after:]:
                if recipient in str(mail.message["To"]) and suits(mail):
                    return mail
            if time.monotonic() > end:
                came = [f"{mail.message['To']}: {mail.subject}" for mail in self.all()[after:]]
                raise TimeoutError(f"no {what} for {recipient} within {seconds:.0f} s; what came: {came}")
            time.sleep(0.2)

    def _names(self) -> list[str]:
        if self._over_http:
            return [str(name) for name in httpx.get(f"{self._source}/mails.json").json()]
        return sorted(path.stem for path in Path(self._source).glob("*.eml"))

    def _raw(self, name: str) -> bytes:
        if self._over_http:
            return httpx.get(f"{self._source}/raw/{name}.eml").content
        return (Path(self._source) / f"{name}.eml").read_bytes()
