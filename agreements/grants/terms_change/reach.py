"""Whom a decision about new terms reaches: one rule for the preview, the asking, the reminders and the suspension.

Reached is access under an earlier version that has not ended, or that expired and could still be renewed: revoked and
closed access is not, nor what was brought in and waits for its holder, who is asked after confirming, nor that of an
erased person. Where the steward leaves running access as it is, only what an earlier decision had suspended is asked,
and what it would have: its grace was over, and the access had expired or nothing had suspended it yet.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from agreements.catalog.models import Terms
from agreements.catalog.terms import earlier
from agreements.core.clock import now
from agreements.grants.ends import due
from agreements.grants.models import (
    ConsentAnswer,
    Grant,
    GrantState,
    TermsCampaign,
    TermsChoice,
    TermsConsent,
)
from agreements.grants.states import NOT_ENDED

REMINDER_DAYS: Final = (14, 7, 1)
"""So many days before the grace ends, who has not answered is reminded."""


def under_earlier(terms: Terms) -> QuerySet[Grant]:
    """Return the grants that a version of the terms concerns: those that go on under an earlier one."""
    return Grant.objects.filter(_goes_on(), dataset=terms.dataset_id, terms__in=earlier(terms))


def goes_on(grant: Grant) -> bool:
    """Return whether there is anything left of a grant for which terms could be agreed to."""
    return Grant.objects.filter(_goes_on(), pk=grant.pk).exists()


def reached(terms: Terms, choice: str) -> QuerySet[Grant]:
    """Return the grants whose holders are asked to agree, if this is decided."""
    concerned = under_earlier(terms)
    if choice == TermsChoice.ASK:
        return concerned
    return concerned.filter(due.suspended_for_terms("pk") | Exists(lapsed().filter(grant=OuterRef("pk"))))


def to_ask(campaign: TermsCampaign) -> QuerySet[Grant]:
    """Return those that a campaign has not asked yet, also what began under the old terms since. Needs `terms`."""
    asked = TermsConsent.objects.filter(campaign=campaign, grant=OuterRef("pk"))
    return reached(campaign.terms, campaign.choice).filter(~Exists(asked))


def unsettled() -> QuerySet[TermsConsent]:
    """Return the questions of all campaigns whose access goes on and whose holder has not agreed."""
    on = Grant.objects.filter(_goes_on(), pk=OuterRef("grant"))
    return TermsConsent.objects.filter(Exists(on)).exclude(answer=ConsentAnswer.AGREED)


def open_questions() -> QuerySet[TermsConsent]:
    """Return what holders are asked now: of the decisions that count, where the access goes on and nobody agreed yet.

    Who declined is among them, and can agree still.
    """
    return unsettled().filter(campaign__ended_at=None)


def not_agreed(campaign: TermsCampaign) -> QuerySet[TermsConsent]:
    """Return the questions of a campaign whose access goes on and whose holder has not agreed."""
    return unsettled().filter(campaign=campaign)


def lapsed() -> QuerySet[TermsConsent]:
    """Return the questions whose grace ended while their decision counted, and whose access is under earlier terms yet.

    A later decision does not undo that: from then on only agreeing, to the newest, lets the access go on.
    """
    day, asked_day = "grant__terms__effective_from", F("campaign__terms__effective_from")
    is_earlier = Q((f"{day}__lt", asked_day)) | Q((day, asked_day), grant__terms__lt=F("campaign__terms"))
    return unsettled().filter(is_earlier, grace_ends_at__lte=Coalesce(F("campaign__ended_at"), Value(now())))


def overdue(campaign: TermsCampaign) -> QuerySet[TermsConsent]:
    """Return the questions whose grace is over, also of decisions before this one, and whose access is not suspended.

    Access that expired is left out: it opens nothing, and is not renewed before its holder agrees.
    """
    late = lapsed().filter(campaign__dataset=campaign.dataset_id, grant__state__in=NOT_ENDED)
    return late.filter(~due.suspended_for_terms("grant"))


def to_remind(campaign: TermsCampaign, *, days: int) -> QuerySet[TermsConsent]:
    """Return the questions of which the reminder so many days before the end has come, and the next one has not.

    One that would have come before the question is left out, and so is suspended access: it has been told already what
    it waits for.
    """
    next_one = max((fewer for fewer in REMINDER_DAYS if fewer < days), default=0)
    unanswered = not_agreed(campaign).filter(answer="").filter(~due.suspended_for_terms("grant"))
    return unanswered.filter(
        grace_ends_at__gt=now() + dt.timedelta(days=next_one),
        grace_ends_at__lte=now() + dt.timedelta(days=days),
        asked_at__lt=F("grace_ends_at") - dt.timedelta(days=days),
    )


def _goes_on() -> Q:
    renewable = Q(state=GrantState.EXPIRED, ends_at__gt=now() - due.RENEWAL_AFTER)
    confirmed = Q(imported_at=None) | Q(confirmed_at__isnull=False)
    return (Q(state__in=NOT_ENDED) | renewable) & confirmed & Q(closed_for="", holder__erased_at=None)
