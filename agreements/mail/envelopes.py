"""How word of an undelivered mail is known: by a tag of that one mail, which nobody can guess.

With an address for bounces the tag is in the envelope's sender (VERP), to which the word is sent. Without one it is in
a header field of ours, which servers return with the mail and which no answer repeats.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from itertools import islice
from typing import Final

from django.conf import settings

from agreements.core.secrets import BOUNCE, key_ring, same, tag
from agreements.mail.models import OutboxMessage

MARK: Final = "X-Countersign-Mail"
_TAGGED: Final = re.compile(r"\+(\d{1,18})-([a-z2-7]{16})@", re.IGNORECASE)
_MARKED: Final = re.compile(r"\s*(\d{1,18})-([a-z2-7]{16})\s*", re.IGNORECASE)
_OF_ADDRESS: Final[tuple[bytes, ...]] = ()
_OF_HEADER: Final = (b"header",)
_LENGTH: Final = 10
_TRIED: Final = 20


def sender_of(message: OutboxMessage) -> str:
    """Return the address of the envelope; without an address for bounces it is the sender's own."""
    local, _at, domain = parseaddr(settings.BOUNCE_ADDRESS)[1].rpartition("@")
    if not local:
        return str(settings.DEFAULT_FROM_EMAIL)
    return f"{local}+{message.pk}-{_tag(message, key_ring().current, _OF_ADDRESS)}@{domain}"


def headers_for(message: OutboxMessage) -> dict[str, str]:
    """Return the field by which a report is known that comes to the sender's own address; nothing where it does not."""
    if parseaddr(settings.BOUNCE_ADDRESS)[1]:
        return {}
    return {MARK: f"{message.pk}-{_tag(message, key_ring().current, _OF_HEADER)}"}


def message_named_by(headers: Iterable[str]) -> OutboxMessage | None:
    """Return the mail whose own address one of these header values holds, with the right tag."""
    given = (pair for value in headers for pair in _TAGGED.findall(value[:2000]))
    return _message_of(given, _OF_ADDRESS)


def message_marked_by(values: Iterable[str]) -> OutboxMessage | None:
    """Return the mail of which one of these is the value of its own header field, with the right tag."""
    given = (found.groups() for value in values if (found := _MARKED.fullmatch(value[:100])))
    return _message_of(given, _OF_HEADER)


def _message_of(given: Iterable[Sequence[str]], use: tuple[bytes, ...]) -> OutboxMessage | None:
    for number, text in islice(given, _TRIED):
        found = OutboxMessage.objects.filter(pk=int(number)).first()
        if found is not None and _is_tag_of(found, text.lower(), use):
            return found
    return None


def _is_tag_of(message: OutboxMessage, given: str, use: tuple[bytes, ...]) -> bool:
    # Mail that went out under an older master key still comes back after it was replaced.
    return any(same(_tag(message, number, use), given) for number in key_ring().numbers)


def _tag(message: OutboxMessage, number: int, use: tuple[bytes, ...]) -> str:
    # In base32 and small letters: some servers change the case of what is before the @.
    key = key_ring().derive(BOUNCE, number=number, length=32)
    raw = tag(key, str(message.pk).encode(), message.message_id.encode(), *use, length=_LENGTH)
    return base64.b32encode(raw).decode().lower()
