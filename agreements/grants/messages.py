"""Mail about access. Links are derived while a mail is written; a password is in none of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import SealKind
from agreements.core.sizes import size
from agreements.grants import wording
from agreements.grants.links import addresses, lifetimes, tokens
from agreements.grants.models import Grant, Link
from agreements.grants.running import is_running
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates
from agreements.people.models import User

ISSUED: Final = "grant-issued"
FRESH_LINK: Final = "link-fresh"


def register() -> None:
    """Make the kinds known to the outbox."""
    registry.register(
        MessageKind(
            ISSUED,
            _render_issued,
            still_true=still_opens,
            on_sent=was_sent,
            title=gettext_lazy("Your access is open"),
        )
    )
    registry.register(
        MessageKind(
            FRESH_LINK, _render_fresh, still_true=still_opens, on_sent=was_sent, title=gettext_lazy("A fresh link")
        )
    )


def queue_issued(grant: Grant, *, links: Iterable[Link]) -> OutboxMessage:
    """Tell the holder that access is open, with a link per archive.

    It answers the application, so it is filed there; what comes later is filed under the grant.
    """
    values = {"grant": grant.reference, "links": [link.link_id for link in links]}
    return queue(ISSUED, to=grant.holder, reference=grant.application.reference, values=values)


def queue_fresh_links(grant: Grant, *, links: Iterable[Link], person: User) -> OutboxMessage:
    """Send a person the new links that were asked for, in one mail."""
    values = {"grant": grant.reference, "links": [link.link_id for link in links]}
    return queue(FRESH_LINK, to=person, reference=grant.reference, values=values)


def queue(kind: str, *, to: User, reference: str, values: dict[str, Any]) -> OutboxMessage:
    """Put a mail to a person into the outbox, in their language."""
    return outbox.queue(kind=kind, recipient=to.email, language=to.language, reference=reference, values=values)


def _render_issued(message: OutboxMessage) -> Rendered:
    return render_links(message, _("your access %(reference)s is open"))


def _render_fresh(message: OutboxMessage) -> Rendered:
    return render_links(message, _("a fresh download link for %(reference)s"))


def render_links(message: OutboxMessage, subject: str, **context: Any) -> Rendered:
    """Return a mail with links, each with its size and its end in the time zone of whoever it was made for."""
    grant = grant_of(message)
    links = list(links_of(message))
    zone = links[0].seal.person.time_zone if links else grant.holder.time_zone
    items = [
        {
            "name": link.archive.name,
            "version": link.archive.version,
            "size": size(link.archive.sealed_size),
            "is_shared": link.archive.seal == SealKind.SHARED,
            "url": addresses.landing(tokens.token(link)),
            "until": wording.moment(lifetimes.expected_end(link), zone=zone),
        }
        for link in links
    ]
    shared = [bool(item["is_shared"]) for item in items]
    seals = {"any_shared": any(shared), "all_shared": bool(shared) and all(shared)}
    return render(message, grant, subject, links=items, **seals, **context)


def render(message: OutboxMessage, grant: Grant, subject: str, **context: Any) -> Rendered:
    """Return a mail about a grant; `context` goes to its templates.

    `subject` may name the grant's `reference` and `holder`, and what is in `context`.
    """
    names = {
        "dataset": grant.dataset.title,
        "reference": grant.reference,
        "email": message.recipient,
        "holder": grant.holder_name,
    }
    about = {
        "grant": grant,
        "dataset": grant.dataset,
        "dataset_title": grant.dataset.title,
        "terms": grant.terms,
        "reference": grant.reference,
        "email": message.recipient,
        "grant_url": addresses.grant_page(grant.reference),
        "why": _("You receive this because %(email)s has, or had, access %(reference)s to %(dataset)s.") % names,
    }
    return from_templates(
        message.kind, about | context, subject % (context | names), reply_to=grant.dataset.contact_address
    )


def still_opens(message: OutboxMessage) -> bool:
    """Access that ended meanwhile, or links that did, are not announced."""
    carried = message.values["links"]
    return is_running(grant_of(message)) and (not carried or links_of(message).exists())


def was_sent(message: OutboxMessage, at: dt.datetime) -> None:
    """Begin the lifetime of the links that a mail carried."""
    lifetimes.begin(message.values["links"], at)


def grant_of(message: OutboxMessage) -> Grant:
    """Return the grant that a mail is about."""
    known = Grant.objects.select_related("dataset", "terms", "holder", "application")
    return known.get(reference=message.values["grant"])


def links_of(message: OutboxMessage) -> QuerySet[Link]:
    """Return the links that a mail carries and that are still worth mailing."""
    carried = Link.objects.filter(lifetimes.worth_mailing(), link_id__in=message.values["links"])
    return carried.select_related("archive", "grant__dataset", "seal__person").order_by("pk")
