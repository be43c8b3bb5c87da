"""Mail about copies that are to be destroyed: reminders, thanks, and to stewards what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.catalog.models import Dataset
from agreements.grants import messages as grant_messages
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates
from agreements.people.models import User
from agreements.revocation import queries
from agreements.revocation.models import Destruction, DestructionState

REMINDER: Final = "destruction-reminder"
ATTESTED: Final = "destruction-attested"
ASKED: Final = "destruction-asked"
OVERDUE: Final = "destruction-overdue"
LISTED: Final = 50
"""How many a mail to stewards lists; the desk has them all."""


def register() -> None:
    """Make the kinds known to the outbox."""
    for kind in (
        MessageKind(ASKED, _render_asked, still_true=_is_owed, title=gettext_lazy("Destroy your copies")),
        MessageKind(REMINDER, _render_reminder, still_true=_is_owed, title=gettext_lazy("Your copies, and their end")),
        MessageKind(ATTESTED, _render_attested, title=gettext_lazy("Your attestation was received")),
        MessageKind(OVERDUE, _render_overdue, still_true=_any_owed, title=gettext_lazy("Attestations are overdue")),
    ):
        registry.register(kind)


def address(destruction: Destruction) -> str:
    """Return the page on which it is attested, and where the certificate is afterwards, behind sign-in."""
    return f"{settings.SITE_URL}/grants/{destruction.affected.grant.reference}/destruction/{destruction.pk}/"


def queue_asked(destruction: Destruction) -> OutboxMessage:
    """Give notice to somebody who ended their access themselves: by when copies must go, and where to attest it."""
    return _queue(ASKED, destruction, procedure=destruction.affected.procedure.reference)


def queue_reminder(destruction: Destruction) -> OutboxMessage:
    """Remind a person of what they owe, before it is due or after."""
    return _queue(REMINDER, destruction)


def queue_attested(destruction: Destruction) -> OutboxMessage:
    """Thank a person, and say where their certificate is."""
    return _queue(ATTESTED, destruction)


def queue_overdue(dataset: Dataset, *, to: User, overdue: Sequence[Destruction]) -> OutboxMessage:
    """Tell a steward in one mail of everything that has become overdue."""
    return outbox.queue(
        kind=OVERDUE,
        recipient=to.email,
        language=to.language,
        reference=f"{dataset.reference_prefix}-overdue",
        values={"dataset": dataset.slug, "destructions": [one.pk for one in overdue]},
    )


def _queue(kind: str, destruction: Destruction, **more: str) -> OutboxMessage:
    reference = destruction.affected.grant.reference
    values = {"grant": reference, "destruction": destruction.pk, **more}
    return grant_messages.queue(kind, to=destruction.person, reference=reference, values=values)


def _render_asked(message: OutboxMessage) -> Rendered:
    subject = _("access %(reference)s has ended: destroy your copies and attest it")
    return _render(message, _destruction(message), subject, action_label=_("Attest that they are destroyed"))


def _render_reminder(message: OutboxMessage) -> Rendered:
    owed = _destruction(message)
    if queries.is_overdue(owed):
        subject = _("your copies under %(reference)s: your attestation is overdue")
    else:
        subject = _("your copies under %(reference)s: please attest soon that they are destroyed")
    label = _("Attest that they are destroyed")
    return _render(message, owed, subject, is_overdue=queries.is_overdue(owed), action_label=label)


def _render_attested(message: OutboxMessage) -> Rendered:
    settled = _destruction(message)
    subject = _("thank you: your copies under %(reference)s are destroyed")
    return _render(message, settled, subject, action_label=_("Your certificate"))


def _render(message: OutboxMessage, destruction: Destruction, subject: str, **context: object) -> Rendered:
    return grant_messages.render(
        message,
        destruction.affected.grant,
        subject,
        destruction=destruction,
        procedure=destruction.affected.procedure,
        name=queries.name_on_agreement(destruction),
        due=date_format(destruction.due_on, "j F Y"),
        subset=destruction.affected.subset,
        is_holders=queries.is_holders(destruction),
        action_url=address(destruction),
        **context,
    )


def _render_overdue(message: OutboxMessage) -> Rendered:
    owed = list(_still_owed(message))
    dataset = Dataset.objects.get(slug=message.values["dataset"])
    rows = [
        {
            "name": queries.name_on_agreement(one) or one.person.display_name,
            "email": one.person.email,
            "grant": one.affected.grant.reference,
            "procedure": one.affected.procedure.reference,
            "due": date_format(one.due_on, "j F Y"),
        }
        for one in owed[:LISTED]
    ]
    subject = ngettext(
        "the destruction of copies is not attested by %(count)d person",
        "the destruction of copies is not attested by %(count)d people",
        len(owed),
    )
    context = {
        "dataset": dataset,
        "dataset_title": dataset.title,
        "rows": rows,
        "count": len(owed),
        "more": max(len(owed) - LISTED, 0),
        "action_url": f"{settings.SITE_URL}/stewardship/{dataset.slug}/procedures/",
        "action_label": _("See the procedures"),
        "why": _("You receive this because you are a steward of %(dataset)s.") % {"dataset": dataset.title},
    }
    return from_templates(OVERDUE, context, subject % {"count": len(owed)}, reply_to=dataset.contact_address)


def _is_owed(message: OutboxMessage) -> bool:
    return _destruction(message).state == DestructionState.DUE


def _any_owed(message: OutboxMessage) -> bool:
    return _still_owed(message).exists()


def _still_owed(message: OutboxMessage) -> QuerySet[Destruction]:
    return queries.destructions().filter(pk__in=message.values["destructions"], state=DestructionState.DUE)


def _destruction(message: OutboxMessage) -> Destruction:
    return queries.destructions().get(pk=message.values["destruction"])
