"""Start-up connections: which task a wake-up name means, and who renders which mail."""

from __future__ import annotations

from agreements import tasks
from agreements.applications import messages as application_messages
from agreements.catalog import messages as catalog_messages
from agreements.core import wakeups
from agreements.core.wakeups import Wakeup
from agreements.grants import messages as grant_messages


def connect() -> None:
    """Register wake-ups and message kinds. Called once, by `apps.py`."""
    wakeups.register(Wakeup.MAIL, tasks.send_mail.delay)
    wakeups.register(Wakeup.EVIDENCE, tasks.gather_evidence.delay)
    wakeups.register(Wakeup.INSPECTION, tasks.inspect_documents.delay)
    for messages in (application_messages, catalog_messages, grant_messages):
        messages.register()
