"""Mail about access that was brought in: the invitation to confirm it, and that it is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.grants import messages
from agreements.grants.imported.importing import is_waiting
from agreements.grants.models import Grant, Link
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.outbox import Draft
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

IMPORTED: Final = "grant-imported"
CONFIRMED: Final = "grant-confirmed"


def register() -> None:
    """Make the kinds known to the outbox."""
    registry.register(
        MessageKind(
            IMPORTED,
            _render_imported,
            still_true=lambda message: is_waiting(messages.grant_of(message)),
            title=gettext_lazy("Confirm your earlier access"),
        )
    )
    registry.register(
        MessageKind(
            CONFIRMED,
            _render_confirmed,
            still_true=messages.still_opens,
            on_sent=messages.was_sent,
            title=gettext_lazy("Your access is confirmed"),
        )
    )


def queue_imported(grant: Grant) -> OutboxMessage:
    """Ask a holder to confirm their address and the terms."""
    return messages.queue(IMPORTED, to=grant.holder, reference=grant.reference, values=_values(grant))


def queue_imported_to_all(grants: Iterable[Grant]) -> None:
    """Ask many, in a few queries."""
    outbox.queue_many(
        Draft(
            kind=IMPORTED,
            recipient=grant.holder.email,
            language=grant.holder.language,
            reference=grant.reference,
            values=_values(grant),
        )
        for grant in grants
    )


def queue_confirmed(grant: Grant, *, links: Iterable[Link]) -> OutboxMessage:
    """Tell the holder that access is open, with a link per archive."""
    values = _values(grant) | {"links": [link.link_id for link in links]}
    return messages.queue(CONFIRMED, to=grant.holder, reference=grant.reference, values=values)


def _values(grant: Grant) -> dict[str, Any]:
    return {"grant": grant.reference}


def _render_imported(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    return messages.render(
        message,
        grant,
        _("confirm your access %(reference)s"),
        signed_on=date_format(grant.starts_at, "j F Y"),
        organization=grant.dataset.organization,
        action_url=f"{settings.SITE_URL}/grants/{grant.reference}/confirm/",
        action_label=_("Read the terms and confirm"),
    )


def _render_confirmed(message: OutboxMessage) -> Rendered:
    return messages.render_links(message, _("your access %(reference)s is confirmed and open"))
