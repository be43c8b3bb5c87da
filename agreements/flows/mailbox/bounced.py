"""Which application a mail was about that came back."""

from __future__ import annotations

from agreements.grants.queries import application_behind
from agreements.mail.models import OutboxMessage


def application_of(message: int | None) -> str:
    """Return the reference of the application that a mail of ours was about, itself or by its access; or ''."""
    sent = OutboxMessage.objects.filter(pk=message).first() if message is not None else None
    if sent is None or not sent.subject_reference:
        return ""
    application = application_behind(sent.subject_reference)
    return application.reference if application is not None else ""
