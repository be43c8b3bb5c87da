"""Mail about access. Links are derived while a mail is written; a password is in none of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.grants import addresses, lifetimes, tokens, wording
from agreements.grants.models import Grant, Link
from agreements.grants.running import is_running
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates
from agreements.people.models import User

ISSUED: Final = "grant-issued"
FRESH_LINK: Final = "link-fresh"
REVOKED: Final = "grant-revoked"


def register() -> None:
    """Make the kinds known to the outbox."""
    registry.register(
        MessageKind(
            ISSUED,
            _render_issued,
            still_true=_still_opens,
            on_sent=_was_sent,
            title=gettext_lazy("Your access is open"),
        )
    )
    registry.register(
        MessageKind(
            FRESH_LINK, _render_fresh, still_true=_still_opens, on_sent=_was_sent, title=gettext_lazy("A fresh link")
        )
    )
    registry.register(MessageKind(REVOKED, _render_revoked, title=gettext_lazy("Your access was revoked")))


def queue_issued(grant: Grant, *, links: Iterable[Link]) -> OutboxMessage:
    """Tell the holder that access is open, with a link per archive.

    It answers the application, so it is filed there; what comes later is filed under the grant.
    """
    values = {"grant": grant.reference, "links": [link.link_id for link in links]}
    return _queue(ISSUED, grant, to=grant.holder, reference=grant.application.reference, values=values)


def queue_fresh_link(grant: Grant, *, link: Link, person: User) -> OutboxMessage:
    """Send a person the new link that was asked for."""
    values = {"grant": grant.reference, "links": [link.link_id]}
    return _queue(FRESH_LINK, grant, to=person, reference=grant.reference, values=values)


def queue_revoked(grant: Grant, *, clause_id: str, reason: str, revocation: str, destroy_by: dt.date) -> OutboxMessage:
    """Give the holder notice: what ended, under which clause, what must be deleted by when, how to answer."""
    values = {
        "grant": grant.reference,
        "clause": clause_id,
        "reason": reason,
        "revocation": revocation,
        "destroy_by": destroy_by.isoformat(),
    }
    return _queue(REVOKED, grant, to=grant.holder, reference=grant.reference, values=values)


def _queue(kind: str, grant: Grant, *, to: User, reference: str, values: dict[str, Any]) -> OutboxMessage:
    return outbox.queue(kind=kind, recipient=to.email, language=to.language, reference=reference, values=values)


def _render_issued(message: OutboxMessage) -> Rendered:
    return _render_links(message, _("your access %(reference)s is open"))


def _render_fresh(message: OutboxMessage) -> Rendered:
    return _render_links(message, _("a fresh download link for %(reference)s"))


def _render_links(message: OutboxMessage, subject: str) -> Rendered:
    grant = _grant(message)
    links = list(_links(message))
    # Whoever the links were made for: their own time zone.
    zone = links[0].seal.person.time_zone if links else grant.holder.time_zone
    items = [
        {
            "name": link.archive.name,
            "size": wording.size(link.archive.sealed_size),
            "url": addresses.landing(tokens.token(link)),
            "until": wording.moment(lifetimes.expected_end(link), zone=zone),
        }
        for link in links
    ]
    return _render(message, grant, subject, links=items)


def _render_revoked(message: OutboxMessage) -> Rendered:
    grant = _grant(message)
    return _render(
        message,
        grant,
        _("your access %(reference)s has ended"),
        clause=grant.terms.clause(message.values["clause"]),
        reason=message.values["reason"],
        revocation=message.values["revocation"],
        destroy_by=date_format(dt.date.fromisoformat(message.values["destroy_by"]), "j F Y"),
    )


def _render(message: OutboxMessage, grant: Grant, subject: str, **context: Any) -> Rendered:
    names = {"dataset": grant.dataset.title, "reference": grant.reference, "email": message.recipient}
    context |= {
        "grant": grant,
        "dataset": grant.dataset,
        "dataset_title": grant.dataset.title,
        "terms": grant.terms,
        "reference": grant.reference,
        "grant_url": addresses.grant_page(grant.reference),
        "why": _("You receive this because %(email)s has, or had, access %(reference)s to %(dataset)s.") % names,
    }
    return from_templates(message.kind, context, subject % names, reply_to=grant.dataset.contact_address)


def _still_opens(message: OutboxMessage) -> bool:
    """Access that ended meanwhile, or links that did, are not announced."""
    carried = message.values["links"]
    return is_running(_grant(message)) and (not carried or _links(message).exists())


def _was_sent(message: OutboxMessage, at: dt.datetime) -> None:
    lifetimes.begin(message.values["links"], at)


def _grant(message: OutboxMessage) -> Grant:
    known = Grant.objects.select_related("dataset", "terms", "holder", "application")
    return known.get(reference=message.values["grant"])


def _links(message: OutboxMessage) -> QuerySet[Link]:
    carried = Link.objects.filter(lifetimes.worth_mailing(), link_id__in=message.values["links"])
    return carried.select_related("archive", "grant__dataset", "seal__person").order_by("pk")
