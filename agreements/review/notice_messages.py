"""Mail to reviewers. It names cases by reference and organization; who applied is read on the page, signed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.core.clock import now
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates
from agreements.people.models import User
from agreements.review.models import ReviewerNotices
from agreements.review.waiting_cases import Waiting, datasets_told_of, waiting_for

DIGEST: Final = "review-digest"
REMINDER: Final = "review-reminder"
CASE: Final = "review-case"
# The next morning has its own; an old one beside it would only confuse.
_OF_THE_DAY: Final = dt.timedelta(hours=20)
_SHOWN: Final = 50
_AT_ONCE: Final = 500


def register() -> None:
    """Make the kinds known to the outbox."""
    for kind in (
        MessageKind(
            DIGEST,
            _render_digest,
            still_true=_still_waits,
            resendable=False,
            title=gettext_lazy("What waits for a decision"),
        ),
        MessageKind(
            REMINDER,
            _render_reminder,
            still_true=_still_past,
            resendable=False,
            title=gettext_lazy("What waits longer than expected"),
        ),
        MessageKind(CASE, _render_case, still_true=_case_still_waits, title=gettext_lazy("An application came in")),
    ):
        registry.register(kind)


def queue_digest(person: User) -> OutboxMessage:
    """Tell a reviewer what waits for a decision."""
    return _queue(DIGEST, person)


def queue_reminder(person: User, *, with_all: bool) -> OutboxMessage:
    """Tell a reviewer what waits longer than expected, and `with_all` what else waits."""
    return _queue(REMINDER, person, with_all=with_all)


def queue_cases(person: User, new: Iterable[Waiting]) -> None:
    """Tell a reviewer of each case that came in, in a mail of its own."""
    outbox.queue_many(
        outbox.Draft(
            kind=CASE,
            recipient=person.email,
            language=person.language,
            reference=case.application.reference,
            values={"submission": case.submission},
        )
        for case in new
    )


def untold(person: User, found: Collection[Waiting]) -> list[Waiting]:
    """Return those of the cases of whose newest submission a reviewer was not mailed yet."""
    told: set[tuple[str, int | None]] = set()
    references = [case.application.reference for case in found]
    for start in range(0, len(references), _AT_ONCE):
        mails = outbox.about(*references[start : start + _AT_ONCE]).filter(kind=CASE, recipient=person.email)
        # One that was forgotten says no number any more, and tells of no case that waits.
        told |= {(about, said.get("submission")) for about, said in mails.values_list("subject_reference", "values")}
    return [case for case in found if (case.application.reference, case.submission) not in told]


def _queue(kind: str, person: User, **values: Any) -> OutboxMessage:
    return outbox.queue(
        kind=kind,
        recipient=person.email,
        language=person.language,
        reference="",
        values=values,
        deadline=now() + _OF_THE_DAY,
    )


def _render_digest(message: OutboxMessage) -> Rendered:
    waiting = _waiting(message)
    subject = ngettext("%(n)d application waits for a decision", "%(n)d applications wait for a decision", len(waiting))
    return _render(message, subject, late=[], waiting=waiting)


def _render_reminder(message: OutboxMessage) -> Rendered:
    waiting = _waiting(message)
    late = [case for case in waiting if _is_late(case)]
    others = [case for case in waiting if not _is_late(case)] if message.values["with_all"] else []
    subject = ngettext(
        "%(n)d application waits longer than expected", "%(n)d applications wait longer than expected", len(late)
    )
    return _render(message, subject, late=late, waiting=others)


def _render_case(message: OutboxMessage) -> Rendered:
    case = _case(message)
    assert case is not None, "asked before"
    reference = case.application.reference
    context = _of(message, [case]) | {
        "dataset_title": case.application.dataset.title,
        "case": case,
        "reference": reference,
        "url": f"{settings.SITE_URL}/review/{reference}/",
    }
    if case.submission == 1:
        subject = _("application %(reference)s came in")
    else:
        subject = _("application %(reference)s was handed in again")
    return from_templates(CASE, context, subject % {"reference": reference})


def _render(message: OutboxMessage, subject: str, *, late: list[Waiting], waiting: list[Waiting]) -> Rendered:
    count = len(late) or len(waiting)
    datasets = {case.application.dataset_id for case in (*late, *waiting)}
    context = _of(message, [*late, *waiting]) | {
        "dataset_title": (late or waiting)[0].application.dataset.title if len(datasets) == 1 else "",
        "late": late[:_SHOWN],
        "late_count": len(late),
        "late_left_out": len(late[_SHOWN:]),
        "waiting": waiting[:_SHOWN],
        "waiting_count": len(waiting),
        "waiting_left_out": len(waiting[_SHOWN:]),
        "url": f"{settings.SITE_URL}/review/",
    }
    return from_templates(message.kind, context, subject % {"n": count})


def _of(message: OutboxMessage, told: list[Waiting]) -> dict[str, Any]:
    person = User.objects.get(email=message.recipient)
    as_told, left = datasets_told_of(person), [case.application.dataset for case in told if case.is_left]
    why = []
    if titles := ", ".join(as_told.values_list("title", flat=True)):
        why.append(_("You receive this because you review applications for %(datasets)s.") % {"datasets": titles})
    if titles := ", ".join(sorted({dataset.title for dataset in left})):
        words = _("You receive this because you are a steward of %(datasets)s, where no reviewer can decide this.")
        why.append(words % {"datasets": titles})
    where = _("What you are mailed is set at %(url)s.") % {"url": f"{settings.SITE_URL}/account/#notices"}
    return {"name": person.display_name, "why": " ".join([*why, where])}


def _waiting(message: OutboxMessage, only: Q | None = None) -> list[Waiting]:
    """Return what waits for the recipient now: nothing for who is no longer told, or has another address."""
    person = User.objects.filter(email=message.recipient).first()
    return waiting_for(person, only or Q()) if person else []


def _is_late(case: Waiting) -> bool:
    return case.is_past and not case.not_theirs


def _still_waits(message: OutboxMessage) -> bool:
    return any(not case.not_theirs for case in _waiting(message))


def _still_past(message: OutboxMessage) -> bool:
    return any(_is_late(case) for case in _waiting(message))


def _case(message: OutboxMessage) -> Waiting | None:
    """Return the case as it waits now, unless something else was handed in since."""
    found = _waiting(message, Q(reference=message.subject_reference))
    return next((case for case in found if case.submission == message.values["submission"]), None)


def _case_still_waits(message: OutboxMessage) -> bool:
    case = _case(message)
    wanted = ReviewerNotices.objects.filter(person__email=message.recipient, each_case_since__isnull=False)
    return case is not None and not case.not_theirs and wanted.exists()
