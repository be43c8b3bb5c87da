"""A message that came in, with a paper of which there are pictures."""

from __future__ import annotations

from typing import Final

from agreements.applications.models import Application
from agreements.flows.mailbox import reading
from agreements.mail.inbox.models import InboundMail
from tests.flows.mailbox.letters_in import issued_pdf, letter, pdf, took

NOT_THERE: Final = {"inbound": "987654", "mailed": "987654"}


def message_with_paper(application: Application) -> dict[str, str]:
    """Return the names of a message about a case from a sender who is not proven, read to its end."""
    mail = took(letter(pdf(issued_pdf(application)), sign=False))
    reading.work_off()
    mail = InboundMail.objects.get(pk=mail.pk)
    assert mail.application_reference == application.reference
    return {"inbound": str(mail.pk), "mailed": str(mail.attachments[0]["document"])}
