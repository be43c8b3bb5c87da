"""The mail server is gone for an hour of frozen time and comes back: a real one, and the real drain."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from agreements.core.clock import frozen
from agreements.grants.links import tokens
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from tests.figures import FIGURES
from tests.grants import scene as scenes
from tests.grants.scene import Scene
from tests.grants.test_states import revoke
from tests.mail.conftest import NOON, Letter, letter, nobody_is_woken, sink
from tests.mail.people import write
from tests.services.ports import free_port
from tests.services.smtp_sink import SmtpSink

__all__ = ["letter", "nobody_is_woken", "sink"]

pytestmark = pytest.mark.django_db

BEAT = dt.timedelta(seconds=10)
HOUR = dt.timedelta(hours=1)


def beat(begin: dt.datetime, end: dt.datetime) -> None:
    """Drain as the beat does, every ten seconds."""
    at = begin
    while at < end:
        with frozen(at):
            drain()
        at += BEAT


def test_every_mail_goes_once_and_in_order(sink: SmtpSink, letter: Letter, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port()
    queued = defaultdict(list)
    for number in range(6):
        at = NOON + number * dt.timedelta(minutes=9)
        with frozen(at):
            for case in range(10):
                reference, recipient = f"GB-A-00000{case}", f"person{case}@ust.hk"
                queued[reference].append(write(recipient, reference=reference, number=number + 1).message_id)
        beat(at, at + dt.timedelta(minutes=9))
    beat(NOON + dt.timedelta(minutes=54), NOON + HOUR)
    assert sink.messages == []
    assert OutboxMessage.objects.filter(state=MessageState.QUEUED).count() == 60
    settings.EMAIL_PORT = sink.port
    beat(NOON + HOUR, NOON + 2 * HOUR)
    arrived = defaultdict(list)
    for one in sink.messages:
        arrived[OutboxMessage.objects.get(message_id=one.message["Message-ID"]).subject_reference].append(
            one.message["Message-ID"]
        )
    assert arrived == queued
    moments = [row.sent_at for row in OutboxMessage.objects.all() if row.sent_at]
    late = (max(moments) - NOON - HOUR).total_seconds()
    FIGURES.append(f"mail server away for an hour: 60 of 60 mails once and in order, the last {late:.0f} s after it")
    assert late <= 43 * 60


def test_451_is_tried_again_and_550_is_final_meanwhile(sink: SmtpSink, letter: Letter, settings: Settings) -> None:
    sink.answers["busy@ust.hk"] = "451 4.3.2 try again later"
    with frozen(NOON):
        busy, gone, fine = write("busy@ust.hk"), write("perm@ust.hk"), write("fine@ust.hk")
    beat(NOON, NOON + HOUR)
    states = [OutboxMessage.objects.get(pk=row.pk) for row in (busy, gone, fine)]
    assert [row.state for row in states] == ["queued", "failed", "sent"]
    assert [row.attempts for row in states] == [9, 1, 1]
    del sink.answers["busy@ust.hk"]
    beat(NOON + HOUR, NOON + 2 * HOUR)
    assert len(sink.to("busy@ust.hk")) == len(sink.to("fine@ust.hk")) == 1
    assert sink.to("perm@ust.hk") == []


@pytest.fixture
def granted(tmp_path: Path, db: None, settings: Any) -> Scene:
    settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
    with frozen(NOON):
        return scenes.build(tmp_path / "files")


def test_links_that_wait_are_not_mailed_once_their_access_is_revoked(
    sink: SmtpSink, granted: Scene, settings: Any
) -> None:
    settings.EMAIL_PORT = free_port()
    beat(NOON, NOON + dt.timedelta(minutes=30))
    with frozen(NOON + dt.timedelta(minutes=30)):
        revoke(granted, by=granted.dan.actor)
    beat(NOON + dt.timedelta(minutes=30), NOON + HOUR)
    assert sink.messages == []
    settings.EMAIL_PORT = sink.port
    beat(NOON + HOUR, NOON + 2 * HOUR)
    links = OutboxMessage.objects.get(kind="grant-issued")
    assert (links.state, links.attempts > 1, links.sent_at) == (MessageState.SUPERSEDED, True, None)
    (notice,) = sink.to(granted.alice.email)
    assert "revoked" in notice.text
    assert tokens.token(granted.link) not in notice.raw.decode()
