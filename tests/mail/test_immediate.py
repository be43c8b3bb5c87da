from __future__ import annotations

import socket
import time

import pytest
from pytest_django import Settings

from agreements.mail import immediate
from agreements.mail.drain import drain
from agreements.mail.immediate import NotSent
from agreements.mail.models import MessageState, OutboxMessage
from tests.mail.people import ALICE
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


def send_code(recipient: str = ALICE) -> OutboxMessage:
    return immediate.send_now(
        kind="sign-in-code", recipient=recipient, language="en", subject="Code 493022", text="493022\n", html=""
    )


def test_a_code_is_sent_within_the_request_and_not_kept(sink: SmtpSink) -> None:
    row = send_code()
    row.refresh_from_db()
    assert (row.state, row.values, row.sent_text, row.sent_subject, row.last_error) == ("sent", {}, "", "", "")
    assert sink.to(ALICE)[0].text.strip() == "493022"
    assert not [name for name, value in vars(row).items() if "493022" in str(value)]


def test_a_code_that_cannot_be_sent_just_now_is_said_so_and_never_sent_later(sink: SmtpSink) -> None:
    with pytest.raises(NotSent, match="try again in a minute"):
        send_code("tempfail@ust.hk")
    row = OutboxMessage.objects.get()
    assert (row.state, row.last_error) == (MessageState.FAILED, "451 4.7.1 greylisted, try again later")
    assert drain() == 0


def test_an_address_that_the_server_refuses_is_said_to_be_wrong(sink: SmtpSink) -> None:
    with pytest.raises(NotSent, match="typing mistake"):
        send_code("perm@ust.hk")
    assert OutboxMessage.objects.get().last_error == "550 5.1.1 no such mailbox"


def test_a_server_that_never_answers_does_not_hold_up_the_page(sink: SmtpSink, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.EMAIL_PORT = mute.getsockname()[1]
        settings.EMAIL_TIMEOUT = 0.5
        began = time.monotonic()
        with pytest.raises(NotSent):
            send_code()
        assert time.monotonic() - began < 2
    row = OutboxMessage.objects.get()
    assert (row.state, row.last_error) == (
        MessageState.FAILED,
        "no answer from the mail server (SMTPServerDisconnected)",
    )
