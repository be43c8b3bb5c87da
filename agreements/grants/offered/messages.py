"""Mail about a subset that opened later, to those who have access already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Subset
from agreements.catalog.terms import in_force
from agreements.grants import messages
from agreements.grants.deliverable import is_published
from agreements.grants.models import Grant, Link, SubsetOffer
from agreements.grants.running import is_running
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered
from agreements.people.models import User

ADDED: Final = "subset-added"
OFFERED: Final = "subset-offered"
OTHER_TERMS: Final = "subset-other-terms"


def register() -> None:
    """Make the kinds known to the outbox."""
    registry.register(
        MessageKind(
            ADDED,
            _render_added,
            still_true=messages.still_opens,
            on_sent=messages.was_sent,
            title=gettext_lazy("Your access covers a further subset"),
        )
    )
    registry.register(
        MessageKind(
            OFFERED, _render_offered, still_true=_still_offered, title=gettext_lazy("A further subset is offered")
        )
    )
    registry.register(
        MessageKind(
            OTHER_TERMS,
            _render_other_terms,
            still_true=lambda message: is_running(messages.grant_of(message)),
            title=gettext_lazy("A further subset, under other terms"),
        )
    )


def queue_added(grant: Grant, *, subset: Subset, links: Iterable[Link], person: User) -> None:
    """Tell a person of a grant that it covers a subset from now on, with a link per archive of it."""
    values = {"subset": subset.slug, "links": [link.link_id for link in links], "name": person.display_name}
    _queue(ADDED, grant, person, values)


def queue_offered(offer: SubsetOffer) -> None:
    """Tell a holder what is offered, and where to answer."""
    _queue(OFFERED, offer.grant, offer.grant.holder, {"subset": offer.subset.slug, "offer": offer.pk})


def queue_other_terms(grant: Grant, *, subset: Subset) -> None:
    """Tell a holder whose access is under other terms than those in force that a subset opened."""
    _queue(OTHER_TERMS, grant, grant.holder, {"subset": subset.slug})


def _queue(kind: str, grant: Grant, person: User, values: dict[str, Any]) -> None:
    values = {"grant": grant.reference, **values}
    messages.queue(kind, to=person, reference=grant.reference, values=values)


def _render_added(message: OutboxMessage) -> Rendered:
    title = _subset(message).title
    words = _("%(subset)s is part of your access %%(reference)s") % {"subset": title.replace("%", "%%")}
    return messages.render_links(message, words, subset=title, name=message.values["name"])


def _render_offered(message: OutboxMessage) -> Rendered:
    return _render(
        message,
        _("%(subset)s is offered to you"),
        is_published=is_published(_subset(message)),
        action_url=f"{settings.SITE_URL}/grants/{message.values['grant']}/offers/{message.values['offer']}/",
        action_label=_("Read the offer and answer it"),
    )


def _render_other_terms(message: OutboxMessage) -> Rendered:
    dataset = messages.grant_of(message).dataset
    return _render(
        message,
        _("%(subset)s has opened"),
        given_under=in_force(dataset).version,
        action_url=f"{settings.SITE_URL}/datasets/{dataset.slug}/apply/",
        action_label=_("Apply under the present terms"),
    )


def _render(message: OutboxMessage, subject: str, **context: Any) -> Rendered:
    """The subject names the subset; what it is called may hold any character, also those of a template."""
    title = _subset(message).title
    words = (subject % {"subset": title}).replace("%", "%%")
    return messages.render(message, messages.grant_of(message), words, subset=title, **context)


def _still_offered(message: OutboxMessage) -> bool:
    waiting = SubsetOffer.objects.filter(pk=message.values["offer"], answered_at=None)
    return is_running(messages.grant_of(message)) and waiting.exists()


def _subset(message: OutboxMessage) -> Subset:
    return Subset.objects.get(dataset__slug=messages.grant_of(message).dataset.slug, slug=message.values["subset"])
