"""How a mail that we sent, or did not, is shown in a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agreements.mail import dead_addresses, outbox, queries
from agreements.mail.models import DeadAddress, MessageState, OutboxMessage


@dataclass(frozen=True, slots=True)
class MailRow:
    """`standing` is a state of the badges; `words` say what happened, empty where there is nothing to say.

    `about`: the address of the page that it is about, '' where the list does not link it. `dead`: what is known of the
    recipient's address, if mail does not arrive there.
    """

    mail: OutboxMessage
    standing: str
    words: str
    may_resend: bool
    dead: DeadAddress | None
    about: str


def rows_of(mails: Iterable[OutboxMessage], *, about: Mapping[str, str] = MappingProxyType({})) -> list[MailRow]:
    """Return a row for each mail, in their order. `about`: addresses of pages by the reference that a mail is about."""
    listed = list(mails)
    dead = dead_addresses.among({mail.recipient for mail in listed})
    return [_row(mail, dead.get(mail.recipient), about.get(mail.subject_reference, "")) for mail in listed]


def _row(mail: OutboxMessage, dead: DeadAddress | None, about: str) -> MailRow:
    standing = queries.standing_of(mail)
    if dead is not None and standing == MessageState.SENT:
        standing = "sent-to-dead"  # it went out, and nothing says that it arrived
    return MailRow(
        mail=mail,
        standing=standing,
        words=_words(mail),
        may_resend=outbox.can_resend(mail) and dead is None,
        dead=dead,
        about=about,
    )


def _words(mail: OutboxMessage) -> str:
    if mail.state == MessageState.QUEUED:
        next_try = {"next": _moment(mail.next_attempt_at), "deadline": _moment(mail.deadline)}
        if not mail.last_error:
            return ""
        words = _("%(answer)s; tried again from %(next)s until %(deadline)s")
        return words % (next_try | {"answer": mail.last_error})
    if mail.bounced_at is not None:
        return mail.bounce_words or _told_without_proof(mail.bounce_status)
    if mail.state == MessageState.SENT and mail.bounce_status:
        return _("delayed on its way: %(words)s") % {"words": mail.bounce_words or mail.bounce_status}
    if mail.state == MessageState.SUPERSEDED:
        return _("What it says was no longer true when its turn came.")
    return mail.last_error


def _told_without_proof(status: str) -> str:
    """Return what is said of a report that shows no tag of the mail: our words, for anybody could have written it."""
    return _("a report that names this mail says that it did not arrive (%(status)s)") % {"status": status or "?"}


def _moment(at: object) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")  # type: ignore[arg-type]
