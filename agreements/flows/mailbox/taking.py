"""Taking one message in: its bytes are kept first, then its row is written; whoever asks again finds it taken."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.sizes import size as words_for
from agreements.flows.mailbox import claims
from agreements.flows.mailbox import raw as raw_bytes
from agreements.mail.inbox import caps, header_block, parsing
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox, Proof

LIMIT: Final = caps.MOST_BYTES
"""Bytes of the largest message that is taken whole."""
HEAD: Final = 256 * 1024
"""Bytes that are kept of a larger one: its header, and the beginning of its text."""
_LARGEST: Final = 2**31 - 1


def take(*, mailbox: Mailbox, raw: bytes) -> InboundMail | None:
    """Keep a message and return its row; None if these bytes were taken before. Raises NotPossible, nothing written."""
    return _take(mailbox, raw, InboundMail(size=len(raw)))


def take_head(*, mailbox: Mailbox, head: bytes, size: int) -> InboundMail | None:
    """Keep the beginning of a message that is too large, and list it with that reason. Else as `take`.

    Two with the same beginning, and so the same header, count as one.
    """
    words = _(
        "It has %(size)s, and no more than %(limit)s are taken. Its first %(head)s are kept here, the whole message "
        "lies in the folder “%(folder)s” of the mailbox."
    ) % {
        "size": words_for(size),
        "limit": words_for(LIMIT),
        "head": words_for(len(head)),
        "folder": settings.IMAP_FAILED_FOLDER,
    }
    row = InboundMail(
        size=min(size, _LARGEST),
        state=InboundState.UNREADABLE,
        reason=words[:500],
        reason_code="too-large",
        settled_at=now(),
        # It cannot be looked at: signatures are over the whole.
        proof=Proof.UNPROVEN,
        **_claimed(head),
    )
    return _take(mailbox, head, row)


def _claimed(head: bytes) -> dict[str, Any]:
    """Return what a header says of whom a message is from and about what, by column; nothing if it passes no cap."""
    _end, body = header_block.end_of_header(head)
    try:
        parsed = parsing.read(head[:body])
    except caps.Unreadable:
        return {}
    return claims.of_header(parsed)


def _take(mailbox: Mailbox, raw: bytes, row: InboundMail) -> InboundMail | None:
    row.mailbox, row.sha256 = mailbox, sha256(raw).hexdigest()
    taken = InboundMail.objects.filter(mailbox=mailbox, sha256=row.sha256)
    # Looked at first: the bytes of a message that was erased since must not come back into the store.
    if taken.exists():
        return None
    row.store_key = raw_bytes.keep(raw, mailbox=mailbox)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if taken.exists():
            return None
        raise
    return row
