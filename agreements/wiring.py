"""Start-up connections: which task a wake-up name means, and who renders which mail."""

from __future__ import annotations

from django.core import checks

from agreements import tasks
from agreements.applications import messages as application_messages
from agreements.catalog import messages as catalog_messages
from agreements.core import wakeups
from agreements.core.wakeups import Wakeup
from agreements.documents import printed_scripts
from agreements.flows import checkpoint_mail, mail_record, moving_messages, opening_messages, restore_messages
from agreements.flows.mailbox import messages as mailbox_messages
from agreements.grants import ending_messages, password_replaced_messages
from agreements.grants import messages as grant_messages
from agreements.grants.ends import messages as ends_messages
from agreements.grants.imported import messages as imported_messages
from agreements.grants.members import messages as member_messages
from agreements.grants.offered import messages as offered_messages
from agreements.grants.shared import messages as shared_messages
from agreements.grants.terms_change import messages as terms_messages
from agreements.keys import signing_key_check
from agreements.mail.checks import outgoing as test_mail
from agreements.review import notice_messages
from agreements.revocation import messages as revocation_messages
from agreements.tasks.waking import Waker


def connect() -> None:
    """Register wake-ups and message kinds. Called once, by `apps.py`."""
    waker = Waker()
    wakeups.register(Wakeup.MAIL, waker.waking(tasks.send_mail))
    wakeups.register(Wakeup.EVIDENCE, waker.waking(tasks.gather_evidence))
    wakeups.register(Wakeup.INSPECTION, waker.waking(tasks.inspect_documents))
    wakeups.register(Wakeup.PUBLISHING, waker.waking(tasks.publish_archives))
    wakeups.register(Wakeup.SEALING, waker.waking(tasks.seal_shared_archives))
    wakeups.register(Wakeup.CERTIFICATES, waker.waking(tasks.draw_certificates))
    wakeups.register(Wakeup.AGREEMENTS, waker.waking(tasks.draw_agreements))
    wakeups.register(Wakeup.OPENING, waker.waking(tasks.open_subsets))
    wakeups.register(Wakeup.INBOUND, waker.waking(tasks.read_mail))
    wakeups.register(Wakeup.TERMS, waker.waking(tasks.ask_for_consent))
    for messages in (
        application_messages,
        catalog_messages,
        grant_messages,
        member_messages,
        imported_messages,
        ending_messages,
        password_replaced_messages,
        notice_messages,
        revocation_messages,
        ends_messages,
        checkpoint_mail,
        mailbox_messages,
        moving_messages,
        offered_messages,
        opening_messages,
        restore_messages,
        shared_messages,
        terms_messages,
        test_mail,
    ):
        messages.register()
    mail_record.register()
    # Run by every command of Django's, and by each server process before it serves.
    checks.register(printed_scripts.check, "countersign")
    checks.register(signing_key_check.check, "countersign")
