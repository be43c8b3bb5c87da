"""Answers to mail that came in: one small function for each."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.applications.messages import application_of, render_about
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, State
from agreements.applications.states import EDITABLE
from agreements.catalog.models import Dataset
from agreements.catalog.terms import in_force_or_none
from agreements.catalog.visibility import takes_applications
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind, Rendered
from agreements.mail.rendering import from_templates

HOW_TO_APPLY: Final = "mailbox-how-to-apply"
DRAFT: Final = "mailbox-draft"
MISSING: Final = "mailbox-missing"
SHOWN: Final = "mailbox-shown"
KINDS: Final = (HOW_TO_APPLY, DRAFT, MISSING, SHOWN)


def register() -> None:
    """Make the kinds known to the outbox."""
    title = gettext_lazy("How to apply")
    registry.register(MessageKind(HOW_TO_APPLY, _render_how_to_apply, resendable=False, title=title))
    title = gettext_lazy("Your form became a draft")
    registry.register(MessageKind(DRAFT, _render_draft, still_true=_is_draft, title=title))
    title = gettext_lazy("What your application still needs")
    registry.register(MessageKind(MISSING, _render_missing, still_true=_is_editable, title=title))
    title = gettext_lazy("What you mailed is with your application")
    registry.register(MessageKind(SHOWN, _render_shown, resendable=False, title=title))


def _render_how_to_apply(message: OutboxMessage) -> Rendered:
    slug = message.values["dataset"]
    offered = [each for each in Dataset.objects.filter(withdrawn_at=None) if takes_applications(each)]
    chosen = [each for each in offered if each.slug == slug] or offered
    one = chosen[0] if len(chosen) == 1 else None
    context = {
        "dataset_title": one.title if one else "",
        "dataset": one,
        "ways": [_way(each) for each in chosen],
        "url": f"{settings.SITE_URL}/datasets/{one.slug}/" if one else f"{settings.SITE_URL}/",
        "why": _("You receive this one answer because a mail came to us from %(email)s.")
        % {"email": message.recipient},
    }
    return from_templates(message.kind, context, _("how to apply"))


def _way(dataset: Dataset) -> dict[str, str]:
    """Return where to apply for a dataset: on its page, or with the blank form by mail."""
    terms = in_force_or_none(dataset)
    form = f"{settings.SITE_URL}/datasets/{dataset.slug}/terms/{terms.version}.pdf" if terms else ""
    return {
        "title": dataset.title,
        "page": f"{settings.SITE_URL}/datasets/{dataset.slug}/",
        "form": form,
        "address": dataset.contact_address,
        "subject": dataset.mail_subject,
    }


def _render_draft(message: OutboxMessage) -> Rendered:
    application = application_of(message)
    left = [_label(name) for name in message.values["left"]]
    missing = what_is_missing(application)
    subject = _("your form became the draft %(reference)s")
    return _render(message, application, subject, left=left, missing=missing)


def _render_missing(message: OutboxMessage) -> Rendered:
    application = application_of(message)
    subject = _("your application %(reference)s is not handed in yet")
    missing = what_is_missing(application)
    return _render(message, application, subject, problem=message.values["problem"], missing=missing)


def _render_shown(message: OutboxMessage) -> Rendered:
    subject = _("what you mailed is with your application %(reference)s")
    return _render(message, application_of(message), subject)


def _render(message: OutboxMessage, application: Application, subject: str, **context: Any) -> Rendered:
    names = {"dataset": application.dataset.title, "email": message.recipient}
    why = _("You receive this because a mail about %(dataset)s came to us from %(email)s.") % names
    return render_about(message, application, subject, why=why, **context)


def _label(name: str) -> str:
    """Return what a field is called on the form."""
    column: Any = Application._meta.get_field(name) if name != "members" else None
    return str(column.verbose_name) if column else _("colleagues")


def _is_draft(message: OutboxMessage) -> bool:
    return application_of(message).state == State.DRAFT


def _is_editable(message: OutboxMessage) -> bool:
    return application_of(message).state in EDITABLE
