"""What a mail provider reports through its webhook (django-anymail's tracking events), taken like any other bounce.

The provider is believed for whoever knows the secret; still an event is about one mail of ours only if it carries that
mail's Message-ID, and its recipient is that mail's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agreements.core.addresses import comparison_key
from agreements.mail import bounces
from agreements.mail.bounce_reading import DELAYED, FAILED, status_in
from agreements.mail.models import OutboxMessage
from agreements.mail.redaction import safe_words

_ACTIONS: Final[Mapping[str, str]] = {"bounced": FAILED, "failed": FAILED, "rejected": FAILED, "deferred": DELAYED}
_METADATA: Final = "countersign"
_VALUES: Final = 20


def headers_for(message: OutboxMessage) -> dict[str, str]:
    """Return headers that have providers repeat our Message-ID in their reports: each knows its own and cuts it off."""
    data = json.dumps({_METADATA: message.message_id})
    return {
        f"X-PM-Metadata-{_METADATA}": message.message_id,  # Postmark
        "X-MJ-EventPayload": data,  # Mailjet
        "X-Mailin-custom": data,  # Brevo
        "X-MSYS-API": json.dumps({"metadata": {_METADATA: message.message_id}}),  # SparkPost
    }


def note_event(event: Any) -> int | None:
    """Take one event of django-anymail; return the key of the mail it is about, None if it changes nothing."""
    action = _ACTIONS.get(str(event.event_type))
    message = OutboxMessage.objects.filter(message_id__in=set(_ids(event))).first() if action else None
    if action is None or message is None:
        return None
    if comparison_key(str(event.recipient or "")) != comparison_key(message.recipient):
        return None
    words = safe_words(str(event.mta_response or event.description or ""))
    status = status_in(words)
    if not status and action == FAILED and str(event.reject_reason) == "invalid":
        status = "5.1.1"
    bounces.came_back(message, action=action, status=status, words=words or status)
    return message.pk


def _ids(event: Any) -> Iterator[str]:
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    for value in [event.message_id, *list(metadata.values())[:_VALUES]]:
        if isinstance(value, str) and 0 < len(value) <= 200:
            text = value.strip()
            yield text
            yield f"<{text.strip('<>')}>"
