"""Whether a machine wrote a message. Such mail is never answered, or two machines write to each other for ever."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.core.addresses import comparison_key
from agreements.mail.inbox.parsing import Parsed

_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
# Fields that only lists and machines write, whatever they say.
_FIELDS_OF_LISTS: Final = (
    "list-id",
    "list-unsubscribe",
    "list-post",
    "list-help",
    "list-owner",
    "list-archive",
    "list-subscribe",
    "mailing-list",
    "x-mailing-list",
    "x-loop",
    "feedback-id",
)
_FIELDS_OF_MACHINES: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-response-suppress",
    "x-failed-recipients",
    "x-ms-exchange-inbox-rules-loop",
)
_MACHINES: Final = re.compile(
    r"(?:mailer-daemon|postmaster|daemon|root|nobody|abuse|(?:do[._-]?)?not?[._-]?reply(?:[._-].*)?|.*[._-]no[._-]?reply"
    r"|autoreply|auto-reply|autoresponder|bounces?|.*-bounces?|owner-.*|.*-owner|.*-request|majordomo|listserv)",
    re.IGNORECASE,
)
# RFC 3834, RFC 2076; Exchange writes it on what its users set up. "None" says that answers are welcome.
_NO_SUPPRESSION: Final = "none"


def why_automatic(parsed: Parsed) -> str:
    """Return in words why the message is no letter of a person; empty if nothing says so."""
    return _why_declared(parsed) or _why_marked(parsed) or _why_sender(parsed)


def _why_declared(parsed: Parsed) -> str:
    if parsed.field("return-path").replace(" ", "") == "<>":
        return _("It came without an address to return it to, as only word of other mail does.")
    if (submitted := _first_word(parsed.field("auto-submitted"))) not in {"", "no"}:
        return _("It says that it was sent automatically (%(how)s).") % {"how": submitted}
    if parsed.type in {"multipart/report", "message/delivery-status", "message/disposition-notification"}:
        return _("It is a report about other mail.")
    if (precedence := _first_word(parsed.field("precedence"))) in _BULK:
        return _("It was sent to many, or automatically (Precedence: %(precedence)s).") % {"precedence": precedence}
    return ""


def _why_marked(parsed: Parsed) -> str:
    if any(name in parsed.fields for name in _FIELDS_OF_LISTS):
        return _("It came through a mailing list.")
    for name in _FIELDS_OF_MACHINES:
        if name in parsed.fields and _first_word(parsed.field(name)) != _NO_SUPPRESSION:
            return _("It is marked as an automatic answer (%(field)s).") % {"field": name.title()}
    return ""


def _why_sender(parsed: Parsed) -> str:
    if not parsed.sender:
        return ""
    if comparison_key(parsed.sender) in _our_addresses():
        return _("It says that it comes from this portal itself.")
    if _MACHINES.fullmatch(parsed.sender.rpartition("@")[0].partition("+")[0]):
        return _("Its sender, %(sender)s, is the address of a machine.") % {"sender": parsed.sender}
    return ""


def _our_addresses() -> set[str]:
    ours = [*settings.MAILBOX_ADDRESSES, settings.BOUNCE_ADDRESS, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]]
    return {comparison_key(one) for one in ours if one}


def _first_word(value: str) -> str:
    return value.partition(";")[0].partition("(")[0].strip().lower()
