"""Whom a decision about new terms reaches: one rule for the preview, the asking, the reminders and the suspension.

Reached is access under an earlier version that has not ended, or that expired and could still be renewed: revoked and
closed access is not, nor what was brought in and waits for its holder, who is asked after confirming. Where the
steward leaves running access as it is, only what an earlier decision had suspended is asked.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from agreements.catalog.models import Terms
from agreements.catalog.terms import earlier
from agreements.core.clock import now
from agreements.grants.ends import due
from agreements.grants.models import (
    Cause,
    ConsentAnswer,
    Grant,
    GrantState,
    Suspension,
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
    return concerned if choice == TermsChoice.ASK else concerned.filter(is_suspended("pk"))


def to_ask(campaign: TermsCampaign) -> QuerySet[Grant]:
    """Return those that a campaign has not asked yet, also what began under the old terms since. Needs `terms`."""
    asked = TermsConsent.objects.filter(campaign=campaign, grant=OuterRef("pk"))
    return reached(campaign.terms, campaign.choice).filter(~Exists(asked))


def not_agreed(campaign: TermsCampaign) -> QuerySet[TermsConsent]:
    """Return the questions of a campaign whose access goes on and whose holder has not agreed."""
    on = Grant.objects.filter(_goes_on(), dataset=campaign.dataset_id)
    return TermsConsent.objects.filter(campaign=campaign, grant__in=on).exclude(answer=ConsentAnswer.AGREED)


def overdue(campaign: TermsCampaign) -> QuerySet[TermsConsent]:
    """Return the questions whose grace is over, and whose access is not suspended for it yet.

    Access that expired is left out: it opens nothing, and is not renewed before its holder agrees.
    """
    late = not_agreed(campaign).filter(grace_ends_at__lte=now(), grant__state__in=NOT_ENDED)
    return late.filter(~is_suspended("grant"))


def reminder(consent: TermsConsent) -> int | None:
    """Return so many days before its end as the last reminder that has come is given, if it came after the question."""
    at = consent.grace_ends_at
    if at is None or at <= now() or consent.answer:
        return None
    return min(
        (days for days in REMINDER_DAYS if consent.asked_at < at - dt.timedelta(days=days) <= now()), default=None
    )


def is_suspended(key: str) -> Exists:
    """Return whether an access, named by its key in an outer query, is suspended until its holder agrees."""
    return Exists(Suspension.objects.filter(grant=OuterRef(key), cause=Cause.TERMS, procedure="", closed_at=None))


def is_suspended_now(grant: Grant) -> bool:
    """Return whether an access is suspended until its holder agrees."""
    return Grant.objects.filter(is_suspended("pk"), pk=grant.pk).exists()


def _goes_on() -> Q:
    renewable = Q(state=GrantState.EXPIRED, ends_at__gt=now() - due.RENEWAL_AFTER)
    confirmed = Q(imported_at=None) | Q(confirmed_at__isnull=False)
    return (Q(state__in=NOT_ENDED) | renewable) & confirmed & Q(closed_for="")
