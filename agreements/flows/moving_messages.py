"""Mail about a move: to the holder, and to the members whose access ends with theirs."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.grants import messages
from agreements.grants.models import Grant, GrantMember
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered
from agreements.revocation.models import Procedure

MOVED: Final = "grant-moved"
MEMBER_MOVED: Final = "member-moved"


def register() -> None:
    """Make the kinds known to the outbox."""
    registry.register(MessageKind(MOVED, _render, title=gettext_lazy("Your access ended with your move")))
    registry.register(MessageKind(MEMBER_MOVED, _render, title=gettext_lazy("The access that you shared has ended")))


def queue_moved(grant: Grant, procedure: Procedure, members: list[GrantMember], *, draft: str) -> None:
    """Say what ended, and by when the copies at the old site must be gone. `draft`: the new application, or empty."""
    assert procedure.destroy_by is not None, "a move asks for destruction"
    values = {
        "grant": grant.reference,
        "procedure": procedure.reference,
        "clause": procedure.clause_id,
        "destroy_by": procedure.destroy_by.isoformat(),
    }
    messages.queue(MOVED, to=grant.holder, reference=grant.reference, values=values | {"draft": draft})
    for member in members:
        assert member.person is not None, "who joined is a person"
        messages.queue(MEMBER_MOVED, to=member.person, reference=grant.reference, values=values)


def _render(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    return messages.render(
        message,
        grant,
        _("access %(reference)s has ended with a move"),
        clause=grant.terms.clause(message.values["clause"]),
        destroy_by=date_format(dt.date.fromisoformat(message.values["destroy_by"]), "j F Y"),
        draft=message.values.get("draft", ""),
    )
