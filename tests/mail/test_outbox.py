from __future__ import annotations

import datetime as dt
import socket
import time

import pytest
from django.db import transaction
from pytest_django import Settings

from agreements.core import wakeups
from agreements.core.actors import person
from agreements.core.clock import frozen
from agreements.core.errors import NotPossible, TooMany
from agreements.core.wakeups import Wakeup
from agreements.mail import outbox, registry
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered
from tests.mail.conftest import NOON, Letter
from tests.mail.people import ALICE, write
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db
alice = person(public_id="6e0f5d0e-0000-4000-8000-000000000001", pk=1)


@pytest.mark.django_db(transaction=True)
def test_the_mail_exists_only_if_the_decision_does(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(wakeups, "_registry", {Wakeup.MAIL: lambda: woken.append("mail")})

    def decide_and_fail() -> None:
        with transaction.atomic():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide_and_fail()
    assert not OutboxMessage.objects.exists()
    assert woken == []
    with transaction.atomic():
        write()
        assert woken == []
    assert woken == ["mail"]


def test_sending_again_makes_a_new_row_that_says_who_asked(sink: SmtpSink, letter: Letter) -> None:
    first = write(number=4)
    drain()
    first.refresh_from_db()
    again = outbox.resend(first, by=alice)
    assert again.pk != first.pk
    assert (again.resend_of, again.requested_by, again.values) == (first, alice.id, {"number": 4})
    assert again.message_id != first.message_id
    assert again.thread == first.message_id
    drain()
    assert [one.message["Subject"] for one in sink.to(ALICE)] == ["GeneBody: news 4"] * 2


def test_a_mail_that_still_waits_is_not_queued_twice(letter: Letter) -> None:
    with pytest.raises(NotPossible, match="already waiting"):
        outbox.resend(write(), by=alice)


def test_what_is_no_longer_true_is_not_sent_again(sink: SmtpSink, letter: Letter) -> None:
    row = write()
    drain()
    letter.true = False
    with pytest.raises(NotPossible, match="no longer true"):
        outbox.resend(row, by=alice)


def test_a_kind_may_forbid_sending_again(sink: SmtpSink, letter: Letter) -> None:
    row = write()
    drain()
    registry.register(MessageKind("letter", letter.render, resendable=False))
    with pytest.raises(NotPossible, match="cannot be sent again"):
        outbox.resend(row, by=alice)


def test_sending_again_has_a_limit_within_the_hour(sink: SmtpSink, letter: Letter) -> None:
    with frozen(NOON):
        row = write()
        drain()
        for _ in range(5):
            outbox.resend(row, by=alice)
            drain()
        with pytest.raises(TooMany, match="spam folder"):
            outbox.resend(row, by=alice)
    with frozen(NOON + dt.timedelta(hours=1, seconds=1)):
        outbox.resend(row, by=alice)


def test_a_code_is_sent_within_the_request_and_not_kept(sink: SmtpSink) -> None:
    row = outbox.send_now(
        kind="sign-in-code", recipient=ALICE, language="en", render=lambda: Rendered("Your code: 493022", "493022\n")
    )
    row.refresh_from_db()
    assert (row.state, row.values, row.sent_text, row.sent_subject, row.last_error) == ("sent", {}, "", "", "")
    assert sink.to(ALICE)[0].text.strip() == "493022"
    assert not [name for name, value in vars(row).items() if "493022" in str(value)]


def test_a_code_that_cannot_be_sent_is_said_so_and_never_sent_later(sink: SmtpSink) -> None:
    with pytest.raises(NotPossible, match="could not be sent just now"):
        outbox.send_now(
            kind="sign-in-code", recipient="tempfail@ust.hk", language="en", render=lambda: Rendered("Code", "493022")
        )
    row = OutboxMessage.objects.get()
    assert (row.state, row.last_error) == (MessageState.FAILED, "451 4.7.1 greylisted, try again later")
    assert drain() == 0


def test_a_server_that_never_answers_costs_at_most_five_seconds(sink: SmtpSink, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.EMAIL_PORT = mute.getsockname()[1]
        settings.EMAIL_TIMEOUT = 0.5
        began = time.monotonic()
        with pytest.raises(NotPossible):
            outbox.send_now(kind="code", recipient=ALICE, language="en", render=lambda: Rendered("Code", "1"))
        assert time.monotonic() - began < 2
    assert OutboxMessage.objects.get().state == MessageState.FAILED


def test_an_unknown_language_falls_back_to_the_site_language(letter: Letter) -> None:
    row = outbox.queue(kind="letter", recipient=ALICE, language="xx", reference="", values={})
    assert row.language == "en"
