"""Whether the mail server takes our mail: one exchange with it, step by step, up to where a mail would follow."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now
from agreements.mail import registry
from agreements.mail.checks.findings import Finding, bad, look, ok, said, skipped
from agreements.mail.composing import compose, new_message_id
from agreements.mail.delivery import SMTP_BACKEND
from agreements.mail.envelopes import sender_of
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.registry import MessageKind, Rendered

KIND: Final = "test"
_SIZE_NEEDED: Final = 1024 * 1024  # bytes; our mails are far smaller
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def register() -> None:
    """Make the test mail known, so that lists call it by name; it is of no use a second time."""
    registry.register(MessageKind(KIND, _render, resendable=False, title=_("Test mail")))


def _render(_message: OutboxMessage) -> Rendered:
    text = f"This is the test mail that `manage.py check_mail` sent for {settings.SITE_URL}.\n"
    return Rendered(subject="Countersign can send mail", text=text)


class _Ended(Exception):
    """A step failed, so the next make no sense; the finding says what."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.what)
        self.finding = finding


def check(send_to: str = "") -> Iterator[Finding]:
    """Yield what is found about the way out, a finding for each step; with `send_to`, send a test mail there."""
    if settings.EMAIL_BACKEND != SMTP_BACKEND:
        yield skipped("Mail server", f"mail does not leave by SMTP but by {settings.EMAIL_BACKEND}")
        return
    try:
        with _Exchange() as exchange:
            yield from exchange.steps()
            if send_to:
                yield exchange.send(send_to)
    except _Ended as end:
        yield end.finding


class _Exchange:
    """A connection to the mail server; it is left without a word when something failed."""

    def __enter__(self) -> _Exchange:
        self.smtp: smtplib.SMTP | None = None
        return self

    def __exit__(self, *_error: object) -> None:
        if self.smtp is not None:
            self.smtp.close()

    @property
    def _server(self) -> smtplib.SMTP:
        assert self.smtp is not None
        return self.smtp

    def steps(self) -> Iterator[Finding]:
        """Yield a finding for each step that went well. Raises _Ended with the first that did not."""
        host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
        place = f"{host}:{port}"
        yield ok("Name of the mail server", f"{host} is {_resolved(host, port)}")
        self.smtp = _connected(host, port, place)
        yield ok("Connection", f"{place} answers")
        self._greet()
        yield self._encryption()
        yield self._sign_in()
        yield from self._features()
        yield self._sender()

    def send(self, address: str) -> Finding:
        """Send a test mail and return the server's own answer."""
        row = OutboxMessage.objects.create(
            kind=KIND,
            recipient=address,
            message_id=new_message_id(),
            state=MessageState.FAILED,
            deadline=now(),
            attempts=1,
            last_error="interrupted",
        )
        mail = compose(row, _render(row))
        try:
            for code, answer in (self._server.mail(parseaddr(mail.from_email)[1]), self._server.rcpt(address)):
                if code >= 400:
                    return self._refused(row, address, said(code, answer))
            raw = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own, as its backend does
            code, answer = self._server.data(raw)
        except smtplib.SMTPResponseException as error:
            return self._refused(row, address, said(error.smtp_code, error.smtp_error))
        except (smtplib.SMTPException, OSError) as error:
            return self._refused(row, address, f"no answer ({type(error).__name__})")
        if code >= 400:
            return self._refused(row, address, said(code, answer))
        OutboxMessage.objects.filter(pk=row.pk).update(state=MessageState.SENT, sent_at=now(), last_error="")
        return ok("Test mail", f"to {address}: {said(code, answer)}")

    def _refused(self, row: OutboxMessage, address: str, words: str) -> Finding:
        OutboxMessage.objects.filter(pk=row.pk).update(last_error=words[:500])
        return bad("Test mail", f"to {address}: {words}", "Ask whoever runs the mail server what this answer means.")

    def _greet(self) -> None:
        try:
            code, answer = self._server.ehlo()
        except (smtplib.SMTPException, OSError) as error:
            raise _Ended(_silent("Greeting", error)) from None
        if code >= 400:
            raise _Ended(bad("Greeting", said(code, answer), "Ask whoever runs it to let this machine in."))

    def _encryption(self) -> Finding:
        if settings.EMAIL_USE_SSL:
            return ok("TLS", "the certificate is valid for this name")
        if not settings.EMAIL_USE_TLS:
            if settings.EMAIL_HOST in _LOOPBACK:
                return ok("TLS", "none, on this machine itself")
            to_do = "Set COUNTERSIGN_SMTP_SECURITY to starttls or tls, unless the way there is all your own."
            return look("TLS", "mail, codes and the password go unencrypted", to_do)
        if not self._server.has_extn("starttls"):
            to_do = "Set COUNTERSIGN_SMTP_SECURITY to tls (often port 465), or to none."
            raise _Ended(bad("TLS", "the server offers no STARTTLS on this port", to_do))
        try:
            self._server.starttls(context=ssl.create_default_context())
        except ssl.SSLError as error:
            raise _Ended(_certificate(error)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise _Ended(_silent("TLS", error)) from None
        self._greet()
        return ok("TLS", "STARTTLS, and the certificate is valid for this name")

    def _sign_in(self) -> Finding:
        user = settings.EMAIL_HOST_USER
        if not user:
            return ok("Sign-in", "none is configured")
        try:
            self._server.login(user, settings.EMAIL_HOST_PASSWORD)
        except smtplib.SMTPAuthenticationError as error:
            words = f"as {user}: {said(error.smtp_code, error.smtp_error)}"
            raise _Ended(bad("Sign-in", words, "Check COUNTERSIGN_SMTP_USER and COUNTERSIGN_SMTP_PASSWORD.")) from None
        except smtplib.SMTPNotSupportedError:
            to_do = "Set COUNTERSIGN_SMTP_SECURITY: most servers let nobody sign in before TLS. Or leave the user away."
            raise _Ended(bad("Sign-in", "the server takes no sign-in on this connection", to_do)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise _Ended(_silent("Sign-in", error)) from None
        return ok("Sign-in", f"as {user}")

    def _features(self) -> Iterator[Finding]:
        size = self._server.esmtp_features.get("size", "").strip()
        if size.isdecimal() and 0 < int(size) < _SIZE_NEEDED:
            yield look("Size", f"the server takes mails up to {size} bytes", "Ask for at least a mebibyte.")
        if self._server.has_extn("8bitmime"):
            yield ok("8BITMIME", "offered: text in any language arrives as it was written")
        else:
            yield look("8BITMIME", "not offered: names and texts outside ASCII may be damaged", "Use another relay.")
        if self._server.has_extn("smtputf8"):
            yield ok("SMTPUTF8", "offered: addresses in any script can be written to")
        else:
            yield look("SMTPUTF8", "not offered: an address with letters outside ASCII before the @ cannot be reached")

    def _sender(self) -> Finding:
        sample = OutboxMessage(pk=0, message_id=new_message_id())
        sender = parseaddr(sender_of(sample))[1]
        try:
            code, answer = self._server.mail(sender)
            self._server.rset()
        except (smtplib.SMTPException, OSError) as error:
            raise _Ended(_silent("Sender", error)) from None
        if code >= 400:
            to_do = "Check COUNTERSIGN_MAIL_FROM and COUNTERSIGN_BOUNCE_ADDRESS: may this user send under that address?"
            raise _Ended(bad("Sender", f"{sender}: {said(code, answer)}", to_do))
        return ok("Sender", f"{sender}: {said(code, answer)}")


def _resolved(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        to_do = "Check COUNTERSIGN_SMTP_HOST, and whether this machine can ask name servers."
        raise _Ended(bad("Name of the mail server", f"{host} is no name that is known here", to_do)) from None
    return ", ".join(sorted({str(each[4][0]) for each in found}))


def _connected(host: str, port: int, place: str) -> smtplib.SMTP:
    try:
        if settings.EMAIL_USE_SSL:
            return smtplib.SMTP_SSL(host, port, timeout=settings.EMAIL_TIMEOUT, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=settings.EMAIL_TIMEOUT)
    except ssl.SSLError as error:
        raise _Ended(_certificate(error)) from None
    except smtplib.SMTPConnectError as error:
        words = said(error.smtp_code, error.smtp_error)
        raise _Ended(bad("Connection", words, "Ask whoever runs it to let this machine in.")) from None
    except (smtplib.SMTPException, OSError) as error:
        to_do = "Check COUNTERSIGN_SMTP_PORT and COUNTERSIGN_SMTP_SECURITY, and whether a firewall is between."
        raise _Ended(bad("Connection", f"{place} does not answer ({type(error).__name__})", to_do)) from None


def _certificate(error: ssl.SSLError) -> Finding:
    if isinstance(error, ssl.SSLCertVerificationError):
        words = f"the certificate was not accepted: {error.verify_message}"
        return bad("TLS", words, "Use the name that the certificate is for, or have the server show a valid one.")
    to_do = "Check COUNTERSIGN_SMTP_SECURITY and COUNTERSIGN_SMTP_PORT: tls is mostly port 465, starttls 587."
    return bad("TLS", "the server speaks no TLS on this port", to_do)


def _silent(what: str, error: Exception) -> Finding:
    to_do = "Try again; then ask whoever runs the mail server."
    return bad(what, f"the server broke off or did not answer ({type(error).__name__})", to_do)
