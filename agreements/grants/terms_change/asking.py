"""Doing what was decided about new terms, in slices, each a short act: asking, reminding, and suspending.

Safe to stop at any point and to run twice: what is left is read from the rows themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

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
AT_ONCE: Final = dt.timedelta(hours=1)
"""Who is asked so soon has the campaign's own end of grace; who is asked later has as many days from then."""
_BY: Final = actors.job("terms")


def work_off() -> int:
    """Ask, remind and suspend whoever is due, for two minutes at most; return how many it was."""
    running = TermsCampaign.objects.filter(ended_at=None, dataset__withdrawn_at=None, dataset__shut_at=None)
    dealt_with = 0
    for campaign in running.select_related("terms", "dataset").order_by("pk"):
        for some in (_ask_some, _remind_some, _suspend_some):
            dealt_with += sum(sweep.taken(partial(some, campaign)))
    return dealt_with


def _ask_some(campaign: TermsCampaign) -> int | None:
    return _in_an_act(campaign, list(reach.to_ask(campaign).order_by("pk").values_list("pk", flat=True)[:SLICE]), _ask)


def _remind_some(campaign: TermsCampaign) -> int | None:
    return _in_an_act(campaign, sorted(consent.grant_id for consent in _to_remind(campaign))[:SLICE], _remind)


def _suspend_some(campaign: TermsCampaign) -> int | None:
    late = reach.overdue(campaign).order_by("grant_id").values_list("grant_id", flat=True)
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


def _to_remind(campaign: TermsCampaign) -> list[TermsConsent]:
    """Return the questions of which a reminder is due that was not given. Those of suspended access are not among them.

    Such access has been told already what it waits for.
    """
    soon = now() + dt.timedelta(days=max(reach.REMINDER_DAYS))
    unanswered = reach.not_agreed(campaign).filter(answer="", grace_ends_at__gt=now(), grace_ends_at__lte=soon)
    unanswered = unanswered.filter(~reach.is_suspended("grant"))
    given = set(
        GrantNotice.objects.filter(
            grant__in=unanswered.values("grant"), kind__startswith=_prefix(campaign)
        ).values_list("grant_id", "kind")
    )
    return [
        consent
        for consent in unanswered
        if (days := reach.reminder(consent)) is not None and (consent.grant_id, _kind(campaign, days)) not in given
    ]


def _remind(campaign: TermsCampaign, grants: Sequence[Grant]) -> int:
    locked = {grant.pk: grant for grant in grants}
    wanted = [consent for consent in _to_remind(campaign) if consent.grant_id in locked]
    notices = []
    for consent in wanted:
        consent.grant = locked[consent.grant_id]
        days, at = reach.reminder(consent), consent.grace_ends_at
        assert days is not None, "so it was chosen"
        assert at is not None, "so it was chosen"
        notices.append(GrantNotice(grant=consent.grant, kind=_kind(campaign, days), about=at.isoformat()))
    GrantNotice.objects.bulk_create(notices)
    messages.queue_reminders(wanted)
    return len(wanted)


def _prefix(campaign: TermsCampaign) -> str:
    return f"terms-{campaign.pk}-"


def _kind(campaign: TermsCampaign, days: int) -> str:
    return f"{_prefix(campaign)}{days}"


def _suspend(campaign: TermsCampaign, grants: Sequence[Grant]) -> int:
    locked = {grant.pk: grant for grant in grants}
    late = list(reach.overdue(campaign).filter(grant__in=grants).order_by("grant_id"))
    for consent in late:
        consent.grant = locked[consent.grant_id]
    lifecycle.suspend_cause(
        grants=[consent.grant for consent in late],
        cause=Cause.TERMS,
        reason=_("The holder has not agreed to terms %(version)s in time.") % {"version": campaign.terms.version},
        by=_BY,
    )
    messages.queue_suspended(late)
    return len(late)
