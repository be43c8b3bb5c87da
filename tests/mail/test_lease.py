"""Who may send a mail: whoever has its lease, until it runs out or another worker has it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.mail import EmailMessage

from agreements.core.clock import frozen, now
from agreements.mail import dead_addresses, registry
from agreements.mail import drain as drain_module
from agreements.mail.delivery import Outcome, deliver
from agreements.mail.drain import LEASE, drain
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered
from tests.mail.conftest import NOON, Letter
from tests.mail.people import write
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


def test_after_a_crash_the_lease_runs_out_and_the_same_message_id_is_used(
    sink: SmtpSink, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die_after_sending(mail: EmailMessage, *, within: float) -> Outcome:
        deliver(mail, within=within)
        raise Killed

    with frozen(NOON), monkeypatch.context() as patch:
        row = write()
        patch.setattr(drain_module, "deliver", die_after_sending)
        with pytest.raises(Killed):
            drain()
    with frozen(NOON + LEASE - seconds(1)):
        assert drain() == 0
    with frozen(NOON + LEASE):
        assert drain() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MessageState.SENT, 2)
    assert [one.message["Message-ID"] for one in sink.messages] == [row.message_id] * 2


def test_a_worker_whose_lease_was_taken_over_changes_nothing(
    sink: SmtpSink, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = write("perm@ust.hk")

    def slow(mail: EmailMessage, *, within: float) -> Outcome:
        OutboxMessage.objects.filter(pk=row.pk).update(lease_token="another worker's")
        return deliver(mail, within=within)

    monkeypatch.setattr(drain_module, "deliver", slow)
    drain()
    row.refresh_from_db()
    assert (row.state, row.lease_token) == (MessageState.QUEUED, "another worker's")


def test_what_took_longer_to_write_than_its_lease_is_sent_by_whoever_has_it_now(sink: SmtpSink, letter: Letter) -> None:
    row, first = write(), [True]

    def render(message: OutboxMessage) -> Rendered:
        if first:
            first.clear()
            with frozen(now() + LEASE + seconds(1)):
                assert drain() == 1
        return letter.render(message)

    registry.register(MessageKind(letter.name, render))
    assert drain() == 0
    row.refresh_from_db()
    assert (row.state, row.attempts, len(sink.messages)) == (MessageState.SENT, 2, 1)


def test_the_lease_begins_anew_once_a_mail_is_written(
    sink: SmtpSink, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dt.datetime | None] = []

    def look(mail: EmailMessage, *, within: float) -> Outcome:
        seen.append(OutboxMessage.objects.get().leased_until)
        return deliver(mail, within=within)

    monkeypatch.setattr(drain_module, "deliver", look)
    clock = [NOON]

    def render(message: OutboxMessage) -> Rendered:
        clock[0] = NOON + seconds(30)
        return letter.render(message)

    registry.register(MessageKind(letter.name, render))
    monkeypatch.setattr(drain_module, "now", lambda: clock[0])
    with frozen(NOON):
        write()
        drain()
    assert seen == [NOON + seconds(30) + LEASE]


def test_a_failed_row_and_its_dead_address_are_written_together(
    sink: SmtpSink, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(**_fields: object) -> None:
        raise SystemExit

    row = write("perm@ust.hk")
    monkeypatch.setattr(dead_addresses, "mark", dies)
    with pytest.raises(SystemExit):
        drain()
    row.refresh_from_db()
    assert row.state == MessageState.QUEUED
