"""The day's checkpoint, and the mail that puts a copy of it where nobody at the database reaches: to every steward."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Role
from agreements.catalog.permissions import Permission, Standing, datasets_for, running
from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed
from agreements.core.secrets import key_ring
from agreements.keys import master_keys
from agreements.ledger import checkpoints
from agreements.ledger.act import act
from agreements.ledger.checkpoint_text import Checkpoint
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates
from agreements.people.models import User

KIND: Final = "checkpoint"
BY: Final = actors.job("checkpoints")


def register() -> None:
    """Make the kind known to the outbox."""
    registry.register(MessageKind(KIND, _render, title=gettext_lazy("Checkpoint of the record")))


def make_and_mail() -> Checkpoint | None:
    """Make the checkpoint of the day and mail it to every steward; None if none is due. Safe to run twice.

    Raises WrongKey where this process has only a compromised key: what that signs proves nothing.
    """
    master_keys.confirm(key_ring().current)
    with act():
        made = checkpoints.make_due(by=BY)
        if made is not None:
            for steward in stewards():
                _queue(made, steward)
    return made


def make_on_purpose(*, by: Actor) -> Checkpoint:
    """Make a checkpoint now and mail it to every steward.

    Raises NotAllowed for whoever is a steward of no dataset, NotPossible for more than one a minute or where nothing
    was recorded since the last, WrongKey as `make_and_mail`.
    """
    is_steward = datasets_for(Permission.MAKE_CHECKPOINT, by=by).exists()
    if by.person_pk is not None and not is_steward:
        raise NotAllowed(_("Only a steward can make a checkpoint of the record."))
    master_keys.confirm(key_ring().current)
    with act():
        made = checkpoints.make_now(by=by, as_role=Standing.STEWARD if is_steward else Standing.SYSTEM)
        for steward in stewards():
            _queue(made, steward)
    return made


def stewards() -> list[User]:
    """Return everyone who is a steward of any dataset now."""
    return list(User.objects.filter(pk__in=running().filter(role=Role.STEWARD).values("user")).order_by("pk"))


def _queue(made: Checkpoint, steward: User) -> None:
    outbox.queue(
        kind=KIND,
        recipient=steward.email,
        language=steward.language,
        reference="",
        values={"text": made.text, "rows": made.count, "made": made.made},
    )


def _render(message: OutboxMessage) -> Rendered:
    context = {
        "text": message.values["text"],
        "action_url": f"{settings.SITE_URL}/record/checkpoints/",
        "action_label": _("Compare a kept checkpoint"),
        "why": _("You receive this mail because you are a steward of a dataset at %(site)s.")
        % {"site": settings.SITE_URL},
    }
    subject = _("checkpoint of the record, %(rows)s rows, %(day)s") % {
        "rows": message.values["rows"],
        "day": message.values["made"][:10],
    }
    return from_templates(KIND, context, subject)
