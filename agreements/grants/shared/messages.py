"""The mail that tells everybody with access that a shared archive was sealed anew. No password is in it."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.grants.messages import grant_of, render
from agreements.grants.models import Generation, GenerationState, Seal
from agreements.grants.running import is_running, running
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.outbox import Draft
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

SEALED_ANEW: Final = "generation-sealed"


def register() -> None:
    """Make the kind known to the outbox."""
    title = gettext_lazy("A shared archive was sealed anew")
    registry.register(MessageKind(SEALED_ANEW, _render, still_true=_still_true, title=title))


def queue_sealed_anew(generation: Generation) -> int:
    """Tell everybody with running access to an archive that its next generation took the place of the former.

    Returns how many. In the transaction of the act.
    """
    reached = running().filter(subsets=generation.archive.subset_id)
    seals = Seal.objects.filter(ended_at=None, grant__in=reached)
    drafts = [
        Draft(
            kind=SEALED_ANEW,
            recipient=seal.person.email,
            language=seal.person.language,
            reference=seal.grant.reference,
            values={"grant": seal.grant.reference, "seal": seal.seal_id, "generation": generation.seal_id},
        )
        for seal in seals.select_related("person", "grant").order_by("pk")
    ]
    return len(outbox.queue_many(drafts))


def told_of(generation: Generation) -> int:
    """Return how many people were told, or are about to be, that a generation took the place of the former."""
    return OutboxMessage.objects.filter(kind=SEALED_ANEW, values__generation=generation.seal_id).count()


def _render(message: OutboxMessage) -> Rendered:
    grant, seal, generation = grant_of(message), _seal(message), _generation(message)
    name = grant.holder_name if seal is None or seal.person_id == grant.holder_id else seal.person.display_name
    archive = generation.archive.name if generation else ""
    subject = _("an archive of %(reference)s was sealed anew")
    return render(message, grant, subject, name=name, archive=archive)


def _still_true(message: OutboxMessage) -> bool:
    """Not if the access ended meanwhile, or yet another generation took the place of this one."""
    return is_running(grant_of(message)) and _seal(message) is not None and _generation(message) is not None


def _seal(message: OutboxMessage) -> Seal | None:
    standing = Seal.objects.filter(seal_id=message.values["seal"], ended_at=None)
    return standing.select_related("person").first()


def _generation(message: OutboxMessage) -> Generation | None:
    ready = Generation.objects.filter(seal_id=message.values["generation"], state=GenerationState.READY)
    return ready.select_related("archive").first()
