"""Letters that came in: written and signed as researchers' servers do, taken as the poller takes them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pikepdf import Pdf

from agreements.applications.models import Application
from agreements.core.clock import now
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.documents.models import Inspection, InspectionState
from agreements.flows.mailbox import reading, taking
from agreements.mail import dns
from agreements.mail.inbox.models import InboundMail, Mailbox
from tests.mail.inbox import letters
from tests.mail.inbox.letters import Attachment

ETH = letters.key("ethz.ch")
ZONE = {**letters.ZONE, **letters.zone(ETH)}
EVE = "Eve Adler <eve@ethz.ch>"


def letter(*attachments: Attachment, sign: bool = True, by: letters.Key | None = None, **fields: Any) -> bytes:
    """Return a letter of today from Alice, signed by her domain unless told otherwise."""
    number = InboundMail.objects.count()
    given: dict[str, Any] = {"date": now(), "message_id": f"<{number}.{id(fields)}@connect.ust.hk>"} | fields
    raw = letters.write(attachments=attachments, **given)
    return letters.signed(raw, by, at=now()) if sign else raw


def pdf(data: bytes, name: str = "form.pdf") -> Attachment:
    return (name, "application/pdf", data)


def took(raw: bytes) -> InboundMail:
    """Return the row of a message that was taken in and not read yet."""
    mailbox, _made = Mailbox.objects.get_or_create(name="agreements@portal.example.org/INBOX")
    mail = taking.take(mailbox=mailbox, raw=raw)
    assert mail is not None, "taken before"
    return mail


def read(raw: bytes, zone: dns.Zone = ZONE) -> InboundMail:
    """Return the row of a message that was taken in and read to its end, as far as it goes now."""
    return again(took(raw), zone)


def again(mail: InboundMail, zone: dns.Zone = ZONE) -> InboundMail:
    """Read what is due, and return a message as it is then."""
    with dns.using(zone):
        reading.work_off()
    mail.refresh_from_db()
    return mail


def issued_pdf(application: Application) -> bytes:
    """Return the agreement that was issued last for an application, as it comes back: other bytes, the same pages."""
    out = BytesIO()
    with Pdf.open(BytesIO(unsigned_pdf(application))) as paper:
        paper.save(out, deterministic_id=True)
    return out.getvalue()


def unsigned_pdf(application: Application) -> bytes:
    """Return the agreement that was issued last for an application, byte for byte."""
    issued = newest(application.reference)
    assert issued is not None
    return store.read(issued.document)


def opened(mail: InboundMail) -> list[str]:
    """Return how `inspect` found the papers of a message."""
    documents = [each["document"] for each in mail.attachments if each["document"]]
    states = Inspection.objects.filter(document__in=documents).order_by("pk").values_list("state", flat=True)
    return [str(InspectionState(state)) for state in states]
