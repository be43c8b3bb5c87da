"""Doing what was decided about new terms, in slices, each a short act: suspending, asking and reminding.

Safe to stop at any point and to run twice: what is left is read from the rows themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog import holding
from agreements.core import actors, sweep
from agreements.core.clock import now
from agreements.grants import lifecycle
from agreements.grants.models import Cause, Grant, GrantNotice, TermsCampaign, TermsChoice, TermsConsent
from agreements.grants.permissions import Standing
from agreements.grants.terms_change import campaigns, messages, reach
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

SLICE: Final = 100
SECONDS: Final = 60.0
"""In which one call takes up slices, of all datasets and steps together; a call of its own comes each minute."""
AT_ONCE: Final = dt.timedelta(hours=1)
"""Who is asked so soon has the campaign's own end of grace; who is asked later has as many days from then."""
_BY: Final = actors.job("terms")


def work_off() -> int:
    """Suspend, ask and remind whoever is due, and return how many it was.

    Takes up nothing more after `SECONDS`; what is left is taken by the next call, which the clock makes.
    """
    running = TermsCampaign.objects.filter(ended_at=None, dataset__withdrawn_at=None, dataset__shut_at=None)
    reminding = [partial(_remind_some, days=days) for days in reach.REMINDER_DAYS]
    each: list[Callable[[TermsCampaign], int | None]] = [_suspend_some, _ask_some, *reminding]
    steps: list[Callable[[], int | None]] = [
        partial(take, campaign)
        for campaign in running.select_related("terms", "dataset").order_by("pk")
        for take in each
    ]
    take_next: Callable[[], int | None] = partial(_next, steps)
    return sum(sweep.taken(take_next, budget=SECONDS))


def _next(steps: list[Callable[[], int | None]]) -> int | None:
    """Return how many the first step with anything left dealt with; those that have nothing left are taken out."""
    while steps:
        if (dealt_with := steps[0]()) is not None:
            return dealt_with
        steps.pop(0)
    return None


def _ask_some(campaign: TermsCampaign) -> int | None:
    return _in_an_act(campaign, list(reach.to_ask(campaign).order_by("pk").values_list("pk", flat=True)[:SLICE]), _ask)


def _remind_some(campaign: TermsCampaign, *, days: int) -> int | None:
    wanted = _to_remind(campaign, days).order_by("grant_id").values_list("grant_id", flat=True)
    return _in_an_act(campaign, list(wanted[:SLICE]), partial(_remind, days=days))


def _suspend_some(campaign: TermsCampaign) -> int | None:
    late = reach.overdue(campaign).order_by("grant_id").values_list("grant_id", flat=True).distinct()
    return _in_an_act(campaign, list(late[:SLICE]), _suspend)


def _in_an_act(
    campaign: TermsCampaign, wanted: Sequence[int], deal_with: Callable[[TermsCampaign, Sequence[Grant]], int]
) -> int | None:
    """Deal with the next grants; return how many it was, or None if there are none or a later decision counts."""
    if not wanted:
        return None
    with act():
        holding.hold(campaign.dataset_id)
        if not TermsCampaign.objects.filter(pk=campaign.pk, ended_at=None).exists():
            return None
        # Which of them it still is, is asked again now that none of them can change.
        return deal_with(campaign, lifecycle.lock_all(wanted))


def _ask(campaign: TermsCampaign, grants: Sequence[Grant]) -> int:
    still = set(reach.to_ask(campaign).filter(pk__in=[grant.pk for grant in grants]).values_list("pk", flat=True))
    asked = [
        TermsConsent(
            campaign=campaign, grant=grant, previous_terms=grant.terms, asked_at=now(), grace_ends_at=_until(campaign)
        )
        for grant in grants
        if grant.pk in still
    ]
    TermsConsent.objects.bulk_create(asked)
    messages.queue_asked(asked)
    with act() as record:
        for consent in asked:
            record.record(
                Kind.TERMS_ASKED,
                by=_BY,
                as_role=Standing.SYSTEM,
                subjects=lifecycle.subjects(consent.grant),
                terms=campaign.terms.version,
                grace_ends=consent.grace_ends_at.isoformat() if consent.grace_ends_at else None,
            )
    return len(asked)


def _until(campaign: TermsCampaign) -> dt.datetime | None:
    """Return until when somebody who is asked now has time."""
    if campaign.choice != TermsChoice.ASK or campaign.grace_ends_at is None:
        return None
    own = now() + campaigns.grace(campaign)
    return own if own > campaign.grace_ends_at + AT_ONCE else campaign.grace_ends_at


def _to_remind(campaign: TermsCampaign, days: int) -> QuerySet[TermsConsent]:
    """Return the questions of which this reminder is due and was not given."""
    given = GrantNotice.objects.filter(grant=OuterRef("grant"), kind=_kind(campaign, days))
    return reach.to_remind(campaign, days=days).filter(~Exists(given))


def _remind(campaign: TermsCampaign, grants: Sequence[Grant], *, days: int) -> int:
    locked = {grant.pk: grant for grant in grants}
    wanted = list(_to_remind(campaign, days).filter(grant__in=grants).order_by("grant_id"))
    notices = []
    for consent in wanted:
        assert consent.grace_ends_at is not None, "so it was chosen"
        consent.grant = locked[consent.grant_id]
        notices.append(
            GrantNotice(grant=consent.grant, kind=_kind(campaign, days), about=consent.grace_ends_at.isoformat())
        )
    GrantNotice.objects.bulk_create(notices)
    messages.queue_reminders(wanted)
    return len(wanted)


def _kind(campaign: TermsCampaign, days: int) -> str:
    return f"terms-{campaign.pk}-{days}"


def _suspend(campaign: TermsCampaign, grants: Sequence[Grant]) -> int:
    locked = {grant.pk: grant for grant in grants}
    overdue = reach.overdue(campaign).filter(grant__in=grants).select_related("campaign__terms")
    last = {consent.grant_id: consent for consent in overdue.order_by("campaign_id")}
    late = [last[key] for key in sorted(last)]
    versions: dict[str, list[Grant]] = {}
    for consent in late:
        consent.grant = locked[consent.grant_id]
        versions.setdefault(consent.campaign.terms.version, []).append(consent.grant)
    for version, theirs in versions.items():
        lifecycle.suspend_cause(
            grants=theirs,
            cause=Cause.TERMS,
            reason=_("The holder has not agreed to terms %(version)s in time.") % {"version": version},
            by=_BY,
        )
    messages.queue_suspended(late)
    return len(late)
