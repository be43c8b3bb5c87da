"""The command that checks the settings of mail, against real servers: one line each, what to do, and no password."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.core.management import CommandError, call_command
from pytest_django import Settings

from agreements.mail import dns
from agreements.mail.models import MessageState, OutboxMessage
from tests.mail.conftest import sink
from tests.services.dovecot import Dovecot
from tests.services.ports import free_port
from tests.services.smtp_sink import SmtpSink

__all__ = ["sink"]

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"
GOOD_ZONE = {
    ("portal.example.org", "TXT"): ["some-site-verification=1", "v=spf1 ip4:192.0.2.1 -all"],
    ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject"],
    ("_dmarc.portal.example.org", "TXT"): [],
    ("portal.example.org", "MX"): ["10 mx.example.org."],
    ("mx.example.org", "A"): ["192.0.2.1"],
}


Run = Callable[..., tuple[str, int]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; give what it printed, and how many checks failed."""

    def command(*options: str) -> tuple[str, int]:
        failed = "0"
        try:
            call_command("check_mail", *options)
        except CommandError as error:
            failed = str(error).removesuffix(" checks failed.").partition(" of ")[0]
        return capsys.readouterr().out, int(failed)

    return command


def test_all_is_well(sink: SmtpSink, dovecot_server: Dovecot, settings: Settings, run: Run) -> None:
    for name, value in dovecot_server.settings("check-mail").items():
        setattr(settings, name, value)
    settings.MAILBOX_ADDRESSES = ["access@portal.example.org", "bounces@portal.example.org"]
    settings.BOUNCE_ADDRESS = "bounces@portal.example.org"
    settings.NAME_SERVERS = "system"
    dovecot_server.place(b"Subject: one\r\n\r\nhello\r\n", user="check-mail")
    with dns.using(GOOD_ZONE):
        said, failed = run()
    assert failed == 0
    assert sink.messages == []
    lines = [
        "ok   Name of the mail server: 127.0.0.1 is 127.0.0.1",
        f"ok   Connection: 127.0.0.1:{sink.port} answers",
        "ok   TLS: none, on this machine itself",
        "ok   SMTPUTF8: offered",
        "ok   Mailbox: check-mail@127.0.0.1/INBOX: connected and signed in (without TLS)",
        "ok   Folders: INBOX can be read, messages waiting: 1; Processed and Failed are there",
        "ok   Moving: the server moves a message in one step",
        "ok   Addresses of the mailbox: access@portal.example.org, bounces@portal.example.org",
        "ok   Address for bounces: bounces+42-tag@portal.example.org",
        "ok   Domain of the sender: portal.example.org",
        "ok   SPF: v=spf1 ip4:192.0.2.1 -all",
        "ok   DMARC: example.org: v=DMARC1; p=reject",
        "ok   MX: portal.example.org: mx.example.org",
    ]
    for line in lines:
        assert line in said
    assert re.search(r"^ok   Sender: bounces\+0-[a-z2-7]{16}@portal\.example\.org: 250 ", said, re.MULTILINE)
    assert said.splitlines()[-1] == "17 checks, none failed."
    assert not OutboxMessage.objects.exists()


def test_a_test_mail_is_sent_and_the_servers_answer_is_told(sink: SmtpSink, run: Run) -> None:
    said, failed = run("--send-to", "dan@lab.example.org")
    assert failed == 0
    assert "ok   Test mail: to dan@lab.example.org: 250 accepted" in said
    (mail,) = sink.to("dan@lab.example.org")
    assert mail.message["From"] == "Countersign <access@portal.example.org>"
    assert "`manage.py check_mail` sent for https://portal.example.org" in mail.text
    row = OutboxMessage.objects.get()
    assert (row.state, row.kind, row.message_id) == (MessageState.SENT, "test", mail.message["Message-ID"])


def test_a_test_mail_that_is_refused_fails_with_the_servers_answer(sink: SmtpSink, run: Run) -> None:
    said, failed = run("--send-to", "perm@ust.hk")
    assert failed == 1
    assert "BAD  Test mail: to perm@ust.hk: 550 5.1.1 no such mailbox" in said
    assert OutboxMessage.objects.get().last_error == "550 5.1.1 no such mailbox"


def test_nonsense_is_no_address_to_send_to(sink: SmtpSink) -> None:
    with pytest.raises(CommandError, match="'nobody' is not an e-mail address"):
        call_command("check_mail", "--send-to", "nobody")


def test_a_server_that_is_not_there(sink: SmtpSink, settings: Settings, run: Run) -> None:
    settings.EMAIL_PORT = free_port()
    said, failed = run()
    assert failed == 1
    assert f"BAD  Connection: 127.0.0.1:{settings.EMAIL_PORT} does not answer (ConnectionRefusedError)" in said
    assert "-> Check COUNTERSIGN_SMTP_PORT" in said
    assert "Sender" not in said.replace("Domain of the sender", "")


def test_a_name_that_nobody_knows(sink: SmtpSink, settings: Settings, run: Run) -> None:
    settings.EMAIL_HOST = "no-such-host.invalid"
    said, failed = run()
    assert failed == 1
    assert "BAD  Name of the mail server: no-such-host.invalid is no name that is known here" in said


@pytest.fixture
def signing(sink: SmtpSink, settings: Settings) -> Iterator[SmtpSink]:
    """A server that takes one password; a wrong one it repeats in its answer, as no server should."""

    def check(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        if data.password == PASSWORD.encode():
            return AuthResult(success=True)
        repeated = f"535 5.7.8 {data.password.decode()} is wrong, {base64.b64encode(data.password).decode()} too"
        return AuthResult(success=False, handled=False, message=repeated)

    port = free_port()
    served = SmtpSink(port=port)
    controller = Controller(
        served,
        hostname="127.0.0.1",
        port=port,
        enable_SMTPUTF8=False,
        auth_require_tls=False,
        authenticator=check,
        auth_required=True,
    )
    controller.start()
    settings.EMAIL_PORT, settings.EMAIL_HOST_USER = port, "countersign"
    try:
        yield served
    finally:
        controller.stop()


def test_signing_in(signing: SmtpSink, settings: Settings, run: Run) -> None:
    settings.EMAIL_HOST_PASSWORD = PASSWORD
    said, failed = run()
    assert (failed, "ok   Sign-in: as countersign" in said) == (0, True)
    assert "look SMTPUTF8: not offered" in said
    assert PASSWORD not in said


def test_a_wrong_password_is_said_and_never_shown(signing: SmtpSink, settings: Settings, run: Run) -> None:
    settings.EMAIL_HOST_PASSWORD = wrong = "wrong-horse-battery"
    said, failed = run()
    assert failed == 1
    assert "BAD  Sign-in: as countersign: 535 5.7.8 … is wrong, … too" in said
    assert "-> Check COUNTERSIGN_SMTP_USER and COUNTERSIGN_SMTP_PASSWORD." in said
    assert wrong not in said
    assert base64.b64encode(wrong.encode()).decode() not in said


def test_a_certificate_that_is_not_valid(sink: SmtpSink, dovecot_server: Dovecot, settings: Settings, run: Run) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(dovecot_server.certificate, dovecot_server.certificate.with_name("key.pem"))
    port = free_port()
    controller = Controller(SmtpSink(port=port), hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    try:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "localhost", port, True
        said, failed = run()
        assert failed == 1
        assert "BAD  TLS: the certificate was not accepted: self-signed certificate" in said
    finally:
        controller.stop()


def test_tls_where_there_is_none(sink: SmtpSink, settings: Settings, run: Run) -> None:
    settings.EMAIL_USE_TLS = True
    said, failed = run()
    assert (failed, "BAD  TLS: the server offers no STARTTLS on this port" in said) == (1, True)
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = False, True
    said, failed = run()
    assert (failed, "BAD  TLS: the server speaks no TLS on this port" in said) == (1, True)


def test_a_mailbox_that_lets_nobody_in(sink: SmtpSink, dovecot_server: Dovecot, settings: Settings, run: Run) -> None:
    for name, value in dovecot_server.settings("check-mail").items():
        setattr(settings, name, value)
    settings.IMAP_PASSWORD = "wrong-horse-battery"
    said, failed = run()
    assert failed == 1
    assert "BAD  Mailbox: 127.0.0.1 does not accept the user and the password." in said
    assert "wrong-horse-battery" not in said


def test_a_folder_that_is_not_there(sink: SmtpSink, dovecot_server: Dovecot, settings: Settings, run: Run) -> None:
    for name, value in dovecot_server.settings("check-mail").items():
        setattr(settings, name, value)
    settings.IMAP_FOLDER = "Forms"
    said, failed = run()
    assert failed == 1
    assert "BAD  Mailbox: There is no folder “Forms” in the mailbox." in said


@pytest.mark.parametrize("given", ["bounces", "bounces@localhost", "bounces+x@portal.example.org"])
def test_an_address_for_bounces_that_cannot_work(sink: SmtpSink, settings: Settings, run: Run, given: str) -> None:
    settings.BOUNCE_ADDRESS = given
    said, failed = run()
    assert failed == 1
    assert f"BAD  Address for bounces: {given} is not of the shape bounces@your.domain" in said


def test_a_sender_without_a_domain(sink: SmtpSink, settings: Settings, run: Run) -> None:
    settings.DEFAULT_FROM_EMAIL = "Countersign <countersign@localhost>"
    said, failed = run()
    assert (failed, "BAD  Domain of the sender: localhost is no domain" in said) == (1, True)


def test_what_name_servers_do_not_say_is_pointed_out_and_fails_nothing(
    sink: SmtpSink, settings: Settings, run: Run
) -> None:
    settings.NAME_SERVERS = "system"
    with dns.using({("portal.example.org", "MX"): ["0 ."], ("portal.example.org", "TXT"): []}):
        said, failed = run()
    assert failed == 0
    assert "look SPF: portal.example.org has none" in said
    assert "look DMARC: portal.example.org has none" in said
    assert "look MX: portal.example.org takes no mail." in said
    with dns.using({("portal.example.org", "TXT"): ["v=spf1 -all", "v=spf1 +all"]}):
        said, failed = run()
    assert (failed, "BAD  SPF: portal.example.org has 2 records" in said) == (1, True)
    silent = {(name, "*"): dns.Failing.TIMEOUT for name in ("portal.example.org", "_dmarc.portal.example.org")}
    with dns.using(silent):
        said, failed = run()
    assert failed == 0
    assert said.count("no name server answered") == 3


def test_a_site_without_a_mailbox_is_told_what_it_lacks(sink: SmtpSink, run: Run) -> None:
    said, failed = run()
    assert failed == 0
    assert "-    Mailbox: no COUNTERSIGN_IMAP_HOST" in said
    assert "look Address for bounces: none" in said
    assert "-    SPF, DMARC, MX: COUNTERSIGN_NAME_SERVERS is none" in said
