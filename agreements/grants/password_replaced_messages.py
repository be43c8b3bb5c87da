"""The mail that says that a password was replaced. Neither the old nor the new one is in it."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.grants.messages import grant_of, render
from agreements.grants.models import Grant, Seal
from agreements.grants.states import NOT_ENDED
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

RENEWED: Final = "seal-renewed"


def register() -> None:
    """Make the kind known to the outbox."""
    registry.register(
        MessageKind(RENEWED, _render, still_true=_still_true, title=gettext_lazy("Your password was replaced"))
    )


def queue_renewed(grant: Grant, *, seal: Seal) -> OutboxMessage:
    """Tell the person of a seal that it took the place of an earlier one."""
    person = seal.person
    values = {"grant": grant.reference, "seal": seal.seal_id}
    return outbox.queue(
        kind=RENEWED, recipient=person.email, language=person.language, reference=grant.reference, values=values
    )


def _render(message: OutboxMessage) -> Rendered:
    grant, seal = grant_of(message), _seal(message)
    name = grant.holder_name if seal is None or seal.person_id == grant.holder_id else seal.person.display_name
    return render(message, grant, _("your password for %(reference)s was replaced"), name=name)


def _still_true(message: OutboxMessage) -> bool:
    """Not if the access ended meanwhile, or another password took the place of this one."""
    grant, seal = grant_of(message), _seal(message)
    return grant.state in NOT_ENDED and seal is not None


def _seal(message: OutboxMessage) -> Seal | None:
    running = Seal.objects.filter(seal_id=message.values["seal"], ended_at=None)
    return running.select_related("person").first()
