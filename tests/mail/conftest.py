from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pytest_django import Settings

from agreements.core import wakeups
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered
from tests.services import smtp_sink
from tests.services.smtp_sink import SmtpSink

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def nobody_is_woken() -> Iterator[None]:
    """These tests drain by hand; the tasks and their broker are not part of them."""
    with wakeups.silenced():
        yield


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    """A real SMTP server that the portal sends to."""
    with smtp_sink.running() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = running.host
        settings.EMAIL_PORT = running.port
        settings.EMAIL_TIMEOUT = 5
        settings.DEFAULT_FROM_EMAIL = "Countersign <access@portal.example.org>"
        settings.SITE_URL = "https://portal.example.org"
        yield running


@dataclass
class Letter:
    """A kind of mail whose behaviour a test can change."""

    name: str = "letter"
    true: bool = True
    body: str = "Your application has arrived."
    broken: bool = False
    sent: list[tuple[int, dt.datetime]] = field(default_factory=list)
    on_sent_fails: bool = False

    def render(self, message: OutboxMessage) -> Rendered:
        if self.broken:
            raise KeyError("https://portal.example.org/l/aVerySecretTokenThatOpensThings")
        number = message.values.get("number", "")
        return Rendered(f"GeneBody: news {number}".strip(), self.body + "\n", f"<p>{self.body}</p>")

    def on_sent(self, message: OutboxMessage, at: dt.datetime) -> None:
        self.sent.append((message.pk, at))
        if self.on_sent_fails:
            raise RuntimeError("the hook broke")


@pytest.fixture
def letter(monkeypatch: pytest.MonkeyPatch) -> Letter:
    """A registered kind of mail."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    kind = Letter()
    registry.register(MessageKind(kind.name, kind.render, lambda _message: kind.true, kind.on_sent))
    return kind
