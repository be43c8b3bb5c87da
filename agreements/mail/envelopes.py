"""To whom word of an undelivered mail is sent: an address of its own for each mail (VERP), which nobody can guess."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Final

from django.conf import settings

from agreements.core.secrets import BOUNCE, key_ring, same, tag
from agreements.mail.models import OutboxMessage

_TAGGED: Final = re.compile(r"\+(\d{1,18})-([a-z2-7]{16})@", re.IGNORECASE)
_LENGTH: Final = 10
_TRIED: Final = 20


def sender_of(message: OutboxMessage) -> str:
    """Return the address of the envelope; without an address for bounces it is the sender's own."""
    local, _at, domain = parseaddr(settings.BOUNCE_ADDRESS)[1].rpartition("@")
    if not local:
        return str(settings.DEFAULT_FROM_EMAIL)
    return f"{local}+{message.pk}-{_tag(message, key_ring().current)}@{domain}"


def message_named_by(headers: Iterable[str]) -> OutboxMessage | None:
    """Return the mail whose own address one of these header values holds, with the right tag."""
    tried = 0
    for value in headers:
        for number, given in _TAGGED.findall(value[:2000]):
            tried += 1
            if tried > _TRIED:
                return None
            found = OutboxMessage.objects.filter(pk=int(number)).first()
            if found is not None and _is_tag_of(found, given.lower()):
                return found
    return None


def _is_tag_of(message: OutboxMessage, given: str) -> bool:
    # Mail that went out under an older master key still comes back after it was replaced.
    return any(same(_tag(message, number), given) for number in key_ring().numbers)


def _tag(message: OutboxMessage, number: int) -> str:
    # In base32 and small letters: some servers change the case of what is before the @.
    key = key_ring().derive(BOUNCE, number=number, length=32)
    raw = tag(key, str(message.pk).encode(), message.message_id.encode(), length=_LENGTH)
    return base64.b32encode(raw).decode().lower()
