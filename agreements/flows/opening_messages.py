"""The one mail to somebody who asked to be told: a subset opened, and how this person gets it."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Access, Interest, Subset
from agreements.grants.models import Grant, Seal
from agreements.grants.running import running
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates

OPENED: Final = "subset-opened"


def register() -> None:
    """Make the kind known to the outbox."""
    kind = MessageKind(OPENED, _render, still_true=_still_true, title=gettext_lazy("A subset that you waited for"))
    registry.register(kind)


def queue_opened(interest: Interest) -> OutboxMessage:
    """Tell a person that what they waited for has opened."""
    person, subset = interest.person, interest.subset
    return outbox.queue(
        kind=OPENED,
        recipient=person.email,
        language=person.language,
        reference=f"{subset.dataset.reference_prefix}-{subset.slug}",
        values={"interest": interest.pk},
    )


def _render(message: OutboxMessage) -> Rendered:
    interest = _interest(message)
    subset = interest.subset
    dataset = subset.dataset
    page = f"{settings.SITE_URL}/datasets/{dataset.slug}/"
    context = {
        "dataset_title": dataset.title,
        "dataset": dataset,
        "name": interest.person.name,
        "subset": subset.title,
        **_way(interest, page),
        "why": _("You receive this once, because you asked on %(page)s to be told when %(subset)s opens.")
        % {"page": page, "subset": subset.title},
    }
    subject = _("%(subset)s has opened") % {"subset": subset.title}
    return from_templates(OPENED, context, subject, reply_to=dataset.contact_address)


def _way(interest: Interest, page: str) -> dict[str, Any]:
    """Return how this person gets the subset: `way` is open, covered, lacking or apply."""
    subset = interest.subset
    if subset.access == Access.OPEN:
        return {"way": "open", "action_url": f"{page}#{subset.slug}", "action_label": _("To the download page")}
    held = _held(interest)
    if held is None:
        return {"way": "apply", "action_url": f"{page}apply/", "action_label": _("Apply for access")}
    address = f"{settings.SITE_URL}/grants/{held.reference}/"
    way = "covered" if _covers(held, subset) else "lacking"
    return {"way": way, "grant": held, "action_url": address, "action_label": _("To your access")}


def _held(interest: Interest) -> Grant | None:
    """Return the running grant of this person, one that covers the subset before any other."""
    sealed = Seal.objects.filter(person=interest.person_id, ended_at=None).values("grant")
    mine = list(running().filter(pk__in=sealed, dataset=interest.subset.dataset_id).order_by("pk"))
    return next((grant for grant in mine if _covers(grant, interest.subset)), mine[0] if mine else None)


def _covers(grant: Grant, subset: Subset) -> bool:
    return grant.subsets.filter(pk=subset.pk).exists()


def _still_true(message: OutboxMessage) -> bool:
    subset = _interest(message).subset
    return subset.access != Access.ANNOUNCED and subset.dataset.withdrawn_at is None


def _interest(message: OutboxMessage) -> Interest:
    return Interest.objects.select_related("subset__dataset", "person").get(pk=message.values["interest"])
