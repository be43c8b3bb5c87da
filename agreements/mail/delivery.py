"""One SMTP exchange, and what came of it.

5xx about this mail is final; 4xx and no answer are tried again. A relay that refuses *us* (its greeting, our
sign-in) has said nothing about the mail: tried again too, since a wrong setting must not fail every mail for good.
"""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from agreements.mail.redaction import safe_words

SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
# RFC 3463, 3.2 and RFC 7505: no such mailbox, no such domain, not an address, moved away, takes no mail at all. A bare
# 550 says less: it may be our own address that is not liked.
_NO_SUCH_MAILBOX: Final = re.compile(r"^5\d\d[ -](5\.1\.(?:1|2|3|6|10))(?![\d.])")


class Answer(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good
    LATER = "later"  # the server asks to try again
    SILENT = "silent"  # no usable answer: nothing else will get through just now either


@dataclass(frozen=True, slots=True)
class Outcome:
    """`words` are fit to be kept: the server's answer without anything that could open something.

    `no_such_mailbox` is the status by which the server said that nobody can ever be reached there, else empty.
    """

    answer: Answer
    words: str = ""
    no_such_mailbox: str = ""


def deliver(mail: EmailMessage, *, within: float) -> Outcome:
    """Send one mail through the configured backend; `within` limits the whole exchange, in seconds."""
    try:
        _connection(within).send_messages([mail])
    except smtplib.SMTPException as answer:
        return _outcome_of(answer)
    except OSError as failure:
        return Outcome(Answer.SILENT, f"no answer from the mail server ({type(failure).__name__})")
    except ValueError as mistake:  # a line break in a header, an address that cannot be written
        # The exception's text quotes the header; its type says enough.
        return Outcome(Answer.REFUSED, f"the mail could not be written ({type(mistake).__name__})")
    return Outcome(Answer.ACCEPTED)


def _outcome_of(answer: smtplib.SMTPException) -> Outcome:
    match answer:
        case smtplib.SMTPRecipientsRefused():
            refused = _by_code(*next(iter(answer.recipients.values())))
            status = _NO_SUCH_MAILBOX.match(refused.words)
            return replace(refused, no_such_mailbox=status.group(1)) if status else refused
        case smtplib.SMTPAuthenticationError() | smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            said = _said(answer.smtp_code, answer.smtp_error)
            return Outcome(Answer.SILENT, f"the mail server refused us: {said}")
        case smtplib.SMTPResponseException():
            return _by_code(answer.smtp_code, answer.smtp_error)
        case smtplib.SMTPNotSupportedError():
            return Outcome(Answer.REFUSED, "the mail server cannot write to this address")
        case _:
            return Outcome(Answer.SILENT, f"no answer from the mail server ({type(answer).__name__})")


def _by_code(code: int, text: bytes | str) -> Outcome:
    if 500 <= code <= 599:
        return Outcome(Answer.REFUSED, _said(code, text))
    if 400 <= code <= 499:
        return Outcome(Answer.LATER, _said(code, text))
    return Outcome(Answer.SILENT, _said(code, text))


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {safe_words(words)}".strip()


def _connection(within: float) -> BaseEmailBackend:
    timeout = min(within, settings.EMAIL_TIMEOUT)
    if settings.EMAIL_BACKEND == SMTP_BACKEND:
        return _BoundedBackend(timeout=timeout, until=time.monotonic() + within)
    connection: BaseEmailBackend = get_connection(timeout=timeout)
    return connection


class _BoundedBackend(EmailBackend):
    """Django's SMTP backend, with a limit on the exchange as a whole and not only on each of its steps."""

    def __init__(self, *, timeout: float, until: float) -> None:
        super().__init__(timeout=timeout)
        self._until = until

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]
        kind = _BoundedTLS if self.use_ssl else _BoundedPlain
        return lambda *args, **options: kind(*args, until=self._until, step=float(self.timeout or 5), **options)


class _Bounded(smtplib.SMTP):
    def __init__(self, *args: Any, until: float, step: float, **options: Any) -> None:
        self._until = until
        self._step = step
        super().__init__(*args, **options)

    def getreply(self) -> tuple[int, bytes]:
        """Return the server's answer, waiting no longer than what is left. Raises TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        if self.sock is not None:
            self.sock.settimeout(min(left, self._step))
        return super().getreply()


class _BoundedPlain(_Bounded):
    pass


class _BoundedTLS(_Bounded, smtplib.SMTP_SSL):
    pass
