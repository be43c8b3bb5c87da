"""Mail to stewards whose dataset was shut after a restore."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Dataset, Role
from agreements.catalog.roles import holders
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates

SHUT: Final = "dataset-shut"


def register() -> None:
    """Make the kind known to the outbox."""
    registry.register(
        MessageKind(SHUT, _render, still_true=_is_still_shut, title=gettext_lazy("Downloads are shut after a restore"))
    )


def queue_shut(datasets: Iterable[Dataset]) -> None:
    """Tell every steward of the datasets that were shut in this moment."""
    for dataset in datasets:
        for held in holders(dataset, {Role.STEWARD}):
            outbox.queue(
                kind=SHUT,
                recipient=held.user.email,
                language=held.user.language,
                reference="",
                values={"dataset": dataset.slug},
            )


def _render(message: OutboxMessage) -> Rendered:
    dataset = _dataset(message)
    context = {
        "dataset_title": dataset.title,
        "dataset": dataset,
        "restored_url": f"{settings.SITE_URL}/record/restored/{dataset.slug}/",
        "why": _("You receive this because you are a steward of this dataset."),
    }
    return from_templates(SHUT, context, _("downloads are shut until you have looked at a restored backup"))


def _is_still_shut(message: OutboxMessage) -> bool:
    return _dataset(message).shut_at is not None


def _dataset(message: OutboxMessage) -> Dataset:
    return Dataset.objects.get(slug=message.values["dataset"])
