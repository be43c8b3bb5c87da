from __future__ import annotations

import smtplib
import socket
import threading
import time

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from agreements.mail.delivery import Answer, deliver
from agreements.mail.redaction import cut_addresses, safe_words
from tests.services.smtp_sink import SmtpSink


def mail(recipient: str = "alice@ust.hk") -> EmailMessage:
    return EmailMessage("GeneBody: hello", "Hello.", "access@portal.example.org", [recipient])


def test_the_exchange_as_a_whole_has_a_limit_even_if_each_step_is_quick(settings: Settings) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()

        def dawdle() -> None:
            peer, _address = server.accept()
            with peer:
                peer.sendall(b"220 hello\r\n")
                while not stop.wait(0.3) and peer.recv(1000):
                    peer.sendall(b"250 ok\r\n")

        thread = threading.Thread(target=dawdle)
        thread.start()
        began = time.monotonic()
        outcome = deliver(mail(), within=0.8)
        took = time.monotonic() - began
        stop.set()
        thread.join(5)
    assert outcome.answer is Answer.SILENT
    assert took < 1.5


def test_a_relay_that_refuses_our_sign_in_does_not_fail_the_mail(
    sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 bad credentials")

    monkeypatch.setattr("agreements.mail.delivery._BoundedBackend.open", refuse)
    outcome = deliver(mail(), within=5)
    assert outcome.answer is Answer.SILENT
    assert outcome.words == "the mail server refused us: 535 5.7.8 bad credentials"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://p.example/l/1.abc", "https://p.example/l/…"),
        ("https://p.example/d/1.abc/train40.zip now", "https://p.example/d/… now"),
        ("(https://p.example/invitations/xyz)", "(https://p.example/invitations/…)"),
        ("https://p.example/join/xyz.", "https://p.example/join/…"),
        ("https://p.example/x?key=1", "https://p.example/x?…"),
        ("https://p.example/some/ABCDEFGHJKMNPQRSTVWXYZ23", "https://p.example/some/…"),
        ("https://p.example/applications/GB-A-7K2F9M/", "https://p.example/applications/GB-A-7K2F9M/"),
    ],
)
def test_addresses_that_open_something_are_cut(text: str, kept: str) -> None:
    assert cut_addresses(text) == kept


def test_a_server_answer_is_kept_as_one_line_without_tokens() -> None:
    assert safe_words("no\r\nway ABCDEFGHJKMNPQRSTVWXYZ23 " + "x " * 900).startswith("no way … x x")
