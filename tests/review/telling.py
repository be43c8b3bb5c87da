"""Telling reviewers at a moment, and reading what they are mailed."""

from __future__ import annotations

import datetime as dt

from agreements.applications import drafting, submission
from agreements.applications.models import Application
from agreements.core.clock import frozen
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.flows.agreement_issue import issue_agreement
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import Rendered
from agreements.people.models import User
from agreements.review.notices import tell_due
from tests.flows.sending import receive_upload

MONDAY = dt.datetime(2026, 6, 1, 7, 0, tzinfo=dt.UTC)
MORNING = MONDAY + dt.timedelta(hours=1)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def hand_in_again(application: Application, applicant: User) -> None:
    """Sign what is written now, and hand it in."""
    by = applicant.actor
    drafting.save(application=application, fields={"position": "Professor"}, by=by)
    issue_agreement(application=application, by=by)
    issued = newest(application.reference)
    assert issued is not None
    receive_upload(application=application, data=store.read(issued.document), original_name="signed.pdf", by=by)
    submission.submit(application=application, by=by)


def mails(kind: str = "review-") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind__startswith=kind).order_by("pk"))


def told_at(at: dt.datetime) -> list[tuple[str, str]]:
    """Return what one run at a moment queues: kinds and recipients."""
    before = {mail.pk for mail in mails()}
    with frozen(at):
        count = tell_due()
    new = [(mail.kind, mail.recipient) for mail in mails() if mail.pk not in before]
    assert count == len(new)
    return new


def rendered(message: OutboxMessage, at: dt.datetime) -> Rendered | None:
    """Return the mail as it would be sent at a moment, or None where it is no longer true."""
    kind = registry.find(message.kind)
    assert kind is not None
    assert kind.still_true is not None
    with frozen(at):
        return kind.render(message) if kind.still_true(message) else None


def text_of(message: OutboxMessage, at: dt.datetime) -> Rendered:
    found = rendered(message, at)
    assert found is not None
    return found


DIGEST = ("review-digest", "carol@genebody.example")
REMINDER = ("review-reminder", "carol@genebody.example")
CASE = ("review-case", "carol@genebody.example")
