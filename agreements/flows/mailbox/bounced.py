"""Which application a mail was about that came back."""

from __future__ import annotations

from agreements.applications.models import Application
from agreements.grants.models import Grant
from agreements.mail.models import OutboxMessage


def application_of(message: int | None) -> str:
    """Return the reference of the application that a mail of ours was about, itself or by its access; or ''."""
    sent = OutboxMessage.objects.filter(pk=message).first() if message is not None else None
    if sent is None or not sent.subject_reference:
        return ""
    found = Application.objects.filter(reference=sent.subject_reference)
    granted = Grant.objects.filter(reference=sent.subject_reference).values_list("application__reference", flat=True)
    return found.values_list("reference", flat=True).first() or granted.first() or ""
