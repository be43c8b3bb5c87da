"""Mail about an application: one small function for each message."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.applications.models import Application, Decision, DecisionKind, State, Submission
from agreements.applications.waiting import expected_wait
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind, Rendered
from agreements.mail.rendering import from_templates

RECEIVED: Final = "application-received"
RETURNED: Final = "application-returned"
DECLINED: Final = "application-declined"
WITHDRAWN: Final = "application-withdrawn"
LAPSED: Final = "application-lapsed"


def register() -> None:
    """Make the kinds known to the outbox."""
    registry.register(MessageKind(RECEIVED, _render_received, title=gettext_lazy("Your application was received")))
    registry.register(
        MessageKind(RETURNED, _render_returned, still_true=_still_returned, title=gettext_lazy("A change is asked for"))
    )
    registry.register(MessageKind(DECLINED, _render_declined, title=gettext_lazy("A decision was made")))
    registry.register(MessageKind(WITHDRAWN, _render_withdrawn, title=gettext_lazy("Your application was withdrawn")))
    registry.register(MessageKind(LAPSED, _render_lapsed, title=gettext_lazy("Your application lapsed")))


def queue_received(application: Application, submission: Submission) -> OutboxMessage:
    """Confirm what was handed in, with a copy of it and the expected wait."""
    return _queue(RECEIVED, application, submission=submission.number)


def queue_returned(application: Application, decision: Decision) -> OutboxMessage:
    """Say what has to change."""
    return _queue(RETURNED, application, decision=decision.pk)


def queue_declined(application: Application, decision: Decision) -> OutboxMessage:
    """Say no, and why."""
    return _queue(DECLINED, application, decision=decision.pk)


def queue_withdrawn(application: Application) -> OutboxMessage:
    """Confirm that the application was taken back."""
    return _queue(WITHDRAWN, application)


def queue_lapsed(application: Application) -> OutboxMessage:
    """Say that a forgotten draft has ended, and how to begin again."""
    return _queue(LAPSED, application)


def _queue(kind: str, application: Application, **values: Any) -> OutboxMessage:
    return outbox.queue(
        kind=kind,
        recipient=application.email,
        language=application.applicant.language,
        reference=application.reference,
        values=values,
    )


def _render_received(message: OutboxMessage) -> Rendered:
    application = application_of(message)
    submissions = Submission.objects.select_related("signed_copy__document")
    submission = submissions.get(application=application, number=message.values["submission"])
    subject = _("your application %(reference)s was received")
    wait = expected_wait(application.dataset) if application.state == State.SUBMITTED else None
    return render_about(message, application, subject, form=submission.form, copy=submission.signed_copy, wait=wait)


def _render_returned(message: OutboxMessage) -> Rendered:
    subject = _("your application %(reference)s needs changes")
    return render_about(message, application_of(message), subject, decision=_decision(message))


def _render_declined(message: OutboxMessage) -> Rendered:
    subject = _("a decision on your application %(reference)s")
    return render_about(message, application_of(message), subject, decision=_decision(message))


def _render_withdrawn(message: OutboxMessage) -> Rendered:
    return render_about(message, application_of(message), _("your application %(reference)s was withdrawn"))


def _render_lapsed(message: OutboxMessage) -> Rendered:
    return render_about(message, application_of(message), _("your application %(reference)s has lapsed"))


def _still_returned(message: OutboxMessage) -> bool:
    """A return that was answered by a new submission, or withdrawn, need not be mailed any more."""
    application = application_of(message)
    last = Decision.objects.filter(application=application, kind=DecisionKind.RETURN).order_by("-pk").first()
    return application.state == State.RETURNED and last is not None and last.pk == message.values["decision"]


def render_about(
    message: OutboxMessage, application: Application, subject: str, *, why: str = "", **context: Any
) -> Rendered:
    """Return a mail about an application; `why` it came is, unless another reason is given, that one applied."""
    context |= {
        "dataset_title": application.dataset.title,
        "reference": application.reference,
        "application": application,
        "dataset": application.dataset,
        "url": f"{settings.SITE_URL}/applications/{application.reference}/",
        "why": why
        or _("You receive this because you applied for %(dataset)s as %(email)s.")
        % {"dataset": application.dataset.title, "email": application.email},
    }
    return from_templates(message.kind, context, subject % {"reference": application.reference})


def application_of(message: OutboxMessage) -> Application:
    """Return the application that a mail is about."""
    known = Application.objects.select_related("dataset", "terms", "applicant")
    return known.get(reference=message.subject_reference)


def _decision(message: OutboxMessage) -> Decision:
    return Decision.objects.get(pk=message.values["decision"])
