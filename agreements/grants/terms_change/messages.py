"""Mail about new terms: the question, reminders, suspension without an answer, and what was agreed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.core.clock import now
from agreements.grants import messages, wording
from agreements.grants.ends import due
from agreements.grants.links import addresses
from agreements.grants.members.queries import joined_under
from agreements.grants.models import ConsentAnswer, GrantMember, MemberState, TermsConsent
from agreements.grants.running import is_running
from agreements.grants.terms_change import reach
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.outbox import Draft
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

ASKED: Final = "terms-asked"
REMINDER: Final = "terms-reminder"
SUSPENDED: Final = "terms-suspended"
MEMBER_SUSPENDED: Final = "member-terms-suspended"
AGREED: Final = "terms-agreed"
MEMBER_AGREED: Final = "member-terms-agreed"


def register() -> None:
    """Make the kinds known to the outbox."""
    suspended = gettext_lazy("Access is suspended until new terms are agreed to")
    for kind in (
        MessageKind(ASKED, _render_asked, still_true=_still_asked, title=gettext_lazy("Agree to new terms")),
        MessageKind(
            REMINDER, _render_asked, still_true=_still_unanswered, title=gettext_lazy("Agree to new terms: a reminder")
        ),
        MessageKind(SUSPENDED, _render_suspended, still_true=_still_suspended, title=suspended),
        MessageKind(MEMBER_SUSPENDED, _render_suspended, still_true=_still_suspended, title=suspended),
        MessageKind(AGREED, _render_agreed, still_true=_still_agreed, title=gettext_lazy("You agreed to new terms")),
        MessageKind(
            MEMBER_AGREED,
            _render_agreed,
            still_true=_still_agreed,
            title=gettext_lazy("The access that you share is under new terms"),
        ),
    ):
        registry.register(kind)


def queue_asked(consents: Sequence[TermsConsent]) -> None:
    """Ask each holder to agree, and say until when and what happens otherwise. Needs `grant.holder`."""
    outbox.queue_many(_to_holder(ASKED, consent) for consent in consents)


def queue_reminders(consents: Sequence[TermsConsent]) -> None:
    """Remind each holder who has not answered."""
    outbox.queue_many(_to_holder(REMINDER, consent) for consent in consents)


def queue_suspended(consents: Sequence[TermsConsent]) -> None:
    """Tell holders and members that the access is suspended until the holder agrees."""
    _queue(SUSPENDED, consents, to_members=MEMBER_SUSPENDED)


def queue_agreed(consent: TermsConsent, *, was_suspended: bool) -> None:
    """Confirm to the holder what was agreed to, and tell the members under which terms they now are."""
    _queue(AGREED, [consent], to_members=MEMBER_AGREED, was_suspended=was_suspended)


def _queue(kind: str, consents: Sequence[TermsConsent], *, to_members: str, **values: Any) -> None:
    members: dict[int, list[GrantMember]] = {}
    for member in joined_under([consent.grant for consent in consents]):
        members.setdefault(member.grant_id, []).append(member)
    drafts = []
    for consent in consents:
        drafts.append(_to_holder(kind, consent, **values))
        drafts += [_to_member(to_members, consent, each, **values) for each in members.get(consent.grant_id, ())]
    outbox.queue_many(drafts)


def _to_holder(kind: str, consent: TermsConsent, **values: Any) -> Draft:
    grant = consent.grant
    about = {"grant": grant.reference, "consent": consent.pk, **values}
    return Draft(kind, grant.holder.email, grant.holder.language, grant.reference, about)


def _to_member(kind: str, consent: TermsConsent, member: GrantMember, **values: Any) -> Draft:
    assert member.person is not None, "who joined is a person"
    grant = consent.grant
    about = {"grant": grant.reference, "consent": consent.pk, "member": member.pk, **values}
    return Draft(kind, member.person.email, member.person.language, grant.reference, about)


def _render_asked(message: OutboxMessage) -> Rendered:
    consent = _consent(message)
    at, zone = consent.grace_ends_at, consent.grant.holder.time_zone
    subject = _("agree to terms %(version)s for %(reference)s")
    if at is not None:
        subject = _("agree to terms %(version)s for %(reference)s by %(day)s")
    return _render(
        message,
        consent,
        subject,
        day=wording.day(at, zone=zone) if at else "",
        until=wording.moment(at, zone=zone) if at else "",
        days=_days_left(at),
        is_suspended=due.waits_for_terms(consent.grant),
        note=consent.campaign.note,
        in_force_from=consent.campaign.terms.effective_from,
        members=len(joined_under([consent.grant])),
    )


def _render_suspended(message: OutboxMessage) -> Rendered:
    return _render(message, _consent(message), _("access %(reference)s is suspended"))


def _render_agreed(message: OutboxMessage) -> Rendered:
    consent = _consent(message)
    subject = _("access %(reference)s is under terms %(version)s now")
    opens = bool(message.values["was_suspended"]) and is_running(consent.grant)
    page = addresses.consent_page(consent.grant.reference, consent.pk)
    return _render(message, consent, subject, opens=opens, consent_url=page)


def _render(message: OutboxMessage, consent: TermsConsent, subject: str, **context: Any) -> Rendered:
    grant, agreed = consent.grant, consent.campaign.terms
    return messages.render(
        message,
        grant,
        subject,
        version=agreed.version,
        previous=consent.previous_terms.version,
        text_url=addresses.published_terms(grant.dataset.slug, agreed.version),
        changes_url=f"{addresses.published_terms(grant.dataset.slug, agreed.version)}changes/",
        answer_url=addresses.terms_page(grant.reference),
        **context,
    )


def _days_left(at: dt.datetime | None) -> int:
    """Return in how many days the grace ends, a part of one counted whole: a mail goes out moments after its time."""
    return math.ceil((at - now()) / dt.timedelta(days=1)) if at else 0


def _still_asked(message: OutboxMessage) -> bool:
    consent = _consent(message)
    is_over = consent.grace_ends_at is not None and consent.grace_ends_at <= now()
    is_open = consent.campaign.ended_at is None and consent.answer != ConsentAnswer.AGREED and not is_over
    return is_open and reach.goes_on(consent.grant)


def _still_unanswered(message: OutboxMessage) -> bool:
    return _still_asked(message) and not _consent(message).answer


def _still_suspended(message: OutboxMessage) -> bool:
    """Not after a later decision either, which asks anew."""
    consent = _consent(message)
    is_it = consent.campaign.ended_at is None and due.waits_for_terms(consent.grant)
    return is_it and reach.goes_on(consent.grant) and _is_member_still(message)


def _still_agreed(message: OutboxMessage) -> bool:
    consent = _consent(message)
    return consent.grant.terms_id == consent.campaign.terms_id and _is_member_still(message)


def _is_member_still(message: OutboxMessage) -> bool:
    pk = message.values.get("member")
    return pk is None or GrantMember.objects.filter(pk=pk, state=MemberState.JOINED).exists()


def _consent(message: OutboxMessage) -> TermsConsent:
    known = TermsConsent.objects.select_related(
        "campaign__terms", "previous_terms", "grant__dataset", "grant__terms", "grant__holder", "grant__application"
    )
    return known.get(pk=message.values["consent"])
