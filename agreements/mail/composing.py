"""The mail as it goes over the wire: headers of our own and both bodies."""

from __future__ import annotations

import secrets
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from agreements.core.clock import now
from agreements.mail import provider_events
from agreements.mail.envelopes import headers_for, sender_of
from agreements.mail.models import OutboxMessage
from agreements.mail.rendering import Rendered


def new_message_id() -> str:
    """Return a fresh Message-ID on the domain of the sender's address (RFC 5322, 3.6.4), else of the site.

    Django's default would use the name of the machine, which says nothing outside and may be `localhost`.
    """
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if "." not in domain:
        domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<{secrets.token_hex(16)}@{domain}>"


def compose(message: OutboxMessage, rendered: Rendered) -> EmailMultiAlternatives:
    """Return the mail for one row, which must be saved. Automatic answers are asked not to come (RFC 3834).

    What comes back if it cannot be delivered goes to the envelope's sender; that, or a header, names this row alone.
    """
    headers = {
        "From": settings.DEFAULT_FROM_EMAIL,
        "Message-ID": message.message_id,
        "Date": format_datetime(now()),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    } | headers_for(message)
    if settings.MAIL_WEBHOOK_SECRET:
        headers |= provider_events.headers_for(message)
    if message.thread:
        headers |= {"In-Reply-To": message.thread, "References": message.thread}
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=sender_of(message),
        to=[message.recipient],
        reply_to=[rendered.reply_to] if rendered.reply_to else None,
        headers=headers,
    )
    if rendered.html:
        mail.attach_alternative(rendered.html, "text/html")
    return mail
