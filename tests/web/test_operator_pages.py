"""What operators and their probes ask."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from agreements.core import clock
from agreements.keys.models import MasterKey
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox
from agreements.vault import stores
from tests.ledger.lifting import triggers_lifted

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def test_alive_and_ready() -> None:
    assert Client().get("/healthz").content == b"ok\n"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"database": True, "ledger": True, "vault": True, "keys": True},
    )


def test_with_another_key_than_before_it_is_not_ready() -> None:
    MasterKey.objects.create(number=1, check_value="0" * 16)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["keys"]) == (503, False)


def test_without_the_ledgers_triggers_it_is_not_ready() -> None:
    with triggers_lifted():
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["ledger"]) == (503, False)


def test_without_its_vault_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Any:
        raise OSError("no disk")

    monkeypatch.setattr(stores, "archives", gone)
    assert Client().get("/readyz").status_code == 503


@pytest.mark.parametrize(
    ("configured", "sent", "status"),
    [
        ("", "", 404),
        ("", "Bearer ", 404),
        ("k", "", 404),
        ("k", "Bearer x", 404),
        ("k", "k", 404),
        ("k", "Bearer k", 200),
    ],
)
def test_metrics_are_for_who_knows_the_token(settings: Any, configured: str, sent: str, status: int) -> None:
    settings.METRICS_TOKEN = configured
    answer = Client().get("/metrics", HTTP_AUTHORIZATION=sent)
    assert answer.status_code == status
    if status == 200:
        assert 'countersign_mail{state="queued"} 0\n' in answer.content.decode()
        assert "countersign_evidence_waiting 0\n" in answer.content.decode()


def test_the_mailbox_has_gauges_once_there_is_one(settings: Any) -> None:
    settings.METRICS_TOKEN, settings.IMAP_HOST, settings.IMAP_USER = "k", "", "access"
    assert "mailbox" not in _metrics()
    settings.IMAP_HOST = "imap.lab.example"
    assert "mailbox" not in _metrics(), "nobody looked into it yet"
    with clock.frozen(NOON):
        box = Mailbox.objects.create(
            name="access@imap.lab.example/INBOX",
            waiting=12,
            polled_at=NOON - dt.timedelta(minutes=10),
            failing_since=NOON - dt.timedelta(minutes=9),
        )
        InboundMail.objects.create(mailbox=box, sha256="0" * 64, size=1, state=InboundState.UNREADABLE)
        lines = _metrics().splitlines()
    assert "countersign_mailbox_read_seconds_ago 600" in lines
    assert "countersign_mailbox_failing_seconds 540" in lines
    assert "countersign_mailbox_waiting 12" in lines
    assert 'countersign_mail_in{state="unreadable"} 1' in lines
    assert 'countersign_mail_in{state="taken"} 0' in lines


def _metrics() -> str:
    return Client().get("/metrics", HTTP_AUTHORIZATION="Bearer k").content.decode()
