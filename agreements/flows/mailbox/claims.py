"""What a message says of itself, column by column: the one list by which it is set, carried over and wiped.

It is kept cut: who answers our mail quotes its links and codes, and so does word of a mail that did not arrive.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from django.conf import settings

from agreements.core.addresses import comparison_key, normal
from agreements.flows.mailbox import naming
from agreements.mail.inbox import automatic
from agreements.mail.inbox.models import InboundMail
from agreements.mail.inbox.parsing import Attachment, Parsed
from agreements.mail.redaction import cut_all_codes, cut_quoted_codes, cut_secrets

MOST_PAPERS: Final = 5
"""PDFs of one message that are opened; further ones are named and stay in the message."""
MOST_NAMED: Final = 50
_HEADER: Final = ("sender", "sender_key", "sender_name", "subject", "message_id", "sent_at")
CLAIMED: Final = (*_HEADER, "text", "attachments", "left_out", "application_reference", "dataset_slug")
"""The columns of InboundMail that hold what a message claims."""
_WIPED: Final = ("text", "attachments", "left_out", *_HEADER)


def of_header(parsed: Parsed) -> dict[str, Any]:
    """Return what a header claims, by column."""
    cut = cut_all_codes if automatic.why_automatic(parsed) else cut_secrets
    return {
        "sender": normal(parsed.sender)[:320] if parsed.sender else "",
        "sender_key": comparison_key(parsed.sender)[:320] if parsed.sender else "",
        "sender_name": cut(parsed.sender_name)[:200],
        "subject": cut(parsed.subject)[:300],
        "message_id": parsed.message_id[:300],
        "sent_at": parsed.sent_at,
    }


def of_message(parsed: Parsed) -> dict[str, Any]:
    """Return all that a message claims, by column: also which application and dataset it names."""
    cut = cut_all_codes if automatic.why_automatic(parsed) else cut_quoted_codes
    return of_header(parsed) | {
        "text": cut(parsed.text),
        "attachments": _named(parsed),
        "left_out": parsed.left_out + max(0, len(parsed.attachments) - MOST_NAMED),
        "application_reference": naming.application_named_in(parsed),
        "dataset_slug": naming.dataset_named_in(parsed),
    }


def of_row(mail: InboundMail) -> dict[str, Any]:
    """Return what was set of a message, by column."""
    return {name: getattr(mail, name) for name in CLAIMED}


def put(mail: InboundMail, claimed: dict[str, Any]) -> None:
    """Set what a message claims; nothing is saved."""
    for name, value in claimed.items():
        setattr(mail, name, value)


def wipe(mail: InboundMail) -> None:
    """Take away what a message claims, but for what it is about; nothing is saved."""
    empty = InboundMail()
    put(mail, {name: getattr(empty, name) for name in _WIPED})


def papers_in(parsed: Parsed) -> list[bytes]:
    """Return what is opened of a message: what begins as a PDF does, whatever it is called, without repetitions."""
    found = [each.data for each in parsed.attachments if not _why_not_opened(each)]
    return list(dict.fromkeys(found))[:MOST_PAPERS]


def is_paper(data: bytes) -> bool:
    """Return whether something like a PDF is opened: it is not larger than an upload may be."""
    return _is_pdf(data) and len(data) <= settings.SIGNED_COPY_LIMIT


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def _why_not_opened(attachment: Attachment) -> str:
    """Return the code of why an attachment is not opened whatever else came; '' if it may be."""
    if attachment.forwarded:
        return "forwarded"
    if not _is_pdf(attachment.data):
        return "no-pdf"
    return "" if is_paper(attachment.data) else "too-large"


def _named(parsed: Parsed) -> list[dict[str, Any]]:
    """Return the attachments as a row names them. `left` is the code of why one is not opened."""
    opened = {sha256(data).hexdigest() for data in papers_in(parsed)}
    named = []
    for each in parsed.attachments[:MOST_NAMED]:
        digest = sha256(each.data).hexdigest()
        named.append(
            {
                "name": cut_secrets(each.name)[:200],
                "type": each.type[:100],
                "size": len(each.data),
                "sha256": digest,
                "document": None,
                "left": "" if digest in opened else _why_not_opened(each) or "too-many",
            }
        )
    return named
