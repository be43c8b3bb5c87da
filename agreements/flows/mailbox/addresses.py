"""Which addresses are the mailbox's own."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings

from agreements.catalog.models import Dataset
from agreements.core.addresses import comparison_key


def ours() -> list[str]:
    """Return the addresses to which a message must have been signed to prove anything.

    They are those of the settings, the mailbox's own name where it is an address, and what the datasets print as the
    address to which a form is mailed.
    """
    found = [*settings.MAILBOX_ADDRESSES]
    if "@" in settings.IMAP_USER:
        found.append(settings.IMAP_USER)
    found += Dataset.objects.filter(withdrawn_at=None).values_list("contact_address", flat=True)
    return list(dict.fromkeys(found))


def is_ours(address: str) -> bool:
    """Return whether mail to an address comes back to us: it is never answered."""
    senders = [parseaddr(each)[1] for each in (settings.DEFAULT_FROM_EMAIL, settings.BOUNCE_ADDRESS) if each]
    return comparison_key(address) in {comparison_key(each) for each in (*ours(), *senders)}
