"""Deciding, once for each version, what new terms mean for access that runs; and how far that is.

A later decision of the dataset takes the place of an earlier one, whose open questions fall away. What was suspended
under it stays so until the holder agrees to the newest. `asking.py` does what was decided.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog import holding
from agreements.catalog.models import Dataset, Terms
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.terms import earlier, in_force_or_none, is_later, published
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, MovedOn, NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.grants.models import (
    GrantMember,
    MemberState,
    TermsCampaign,
    TermsChoice,
    TermsConsent,
)
from agreements.grants.terms_change import reach
from agreements.grants.terms_change.standing import Counts, counted, standing_of
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind

NOTE_LIMIT: Final = 2000
GRACE_DAYS: Final = (1, 365)
"""The fewest and the most days of grace."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a version concerns: running access under earlier ones, and the people (holders and members) under it."""

    grants: int
    people: int


def decide(
    *,
    terms: Terms,
    choice: TermsChoice,
    grace_days: int | None,
    note: str,
    by: Actor,
    expected: int | None = None,
) -> TermsCampaign:
    """Decide what becomes of running access under earlier terms; the holders are asked by a task.

    The grace is counted from now or from the day on which the terms take effect (UTC), whichever is later. `expected`
    is the number of grants that the steward was shown. Raises NotAllowed, Invalid (`grace_days`, `note`), NotPossible
    saying why it is not to be decided (any more), MovedOn if another number of grants is concerned now.
    """
    words = checked_note(note, choice)
    days = checked_days(grace_days, choice)
    with act() as record:
        holding.hold(terms.dataset_id)
        standing = check_may(Permission.DECIDE_TERMS, dataset=terms.dataset, by=by)
        if (why_not := why_not_decidable(terms)) is not None:
            raise NotPossible(why_not)
        concerned = reach.under_earlier(terms).count()
        _check_expected(concerned, expected)
        at = now()
        TermsCampaign.objects.filter(dataset=terms.dataset_id, ended_at=None).update(ended_at=at)
        campaign = TermsCampaign.objects.create(
            dataset=terms.dataset,
            terms=terms,
            choice=choice,
            grace_ends_at=grace_end(terms, days=days, at=at) if days else None,
            note=words,
            note_salt=new_salt(),
            decided_at=at,
            decided_by_id=by.pk,
        )
        record.record(
            Kind.TERMS_DECIDED,
            by=by,
            as_role=standing,
            subjects={"dataset": terms.dataset.slug},
            version=terms.version,
            choice=str(choice),
            grants=concerned,
            grace_ends=campaign.grace_ends_at.isoformat() if campaign.grace_ends_at else None,
            reason_digest=text_digest(words, salt=campaign.note_salt),
        )
        poke(Wakeup.TERMS)
    return campaign


def grace_end(terms: Terms, *, days: dt.timedelta, at: dt.datetime) -> dt.datetime:
    """Return when the grace ends that is decided on at a moment."""
    return max(at, _effective(terms)) + days


def why_not_decidable(terms: Terms) -> str | None:
    """Return in words why nothing is to be decided about a version (any more), or None if something is."""
    names = {"version": terms.version, "dataset": terms.dataset.title}
    if (decided := of(terms)) is not None:
        return _("This was decided already: %(choice)s.") % {"choice": decided.get_choice_display()}
    if not earlier(terms).exists():
        return _("Terms %(version)s are the first: no access runs under earlier ones.") % names
    if terms.dataset.withdrawn_at is not None:
        return _("%(dataset)s was withdrawn.") % names
    last = running(terms.dataset)
    later = last.terms if last is not None and is_later(last.terms, terms) else _in_force_after(terms)
    if later is not None:
        return _("Terms %(later)s come after these: decide about those.") % {"later": later.version}
    return None


def preview(terms: Terms) -> Preview:
    """Return whom a decision about these terms concerns at this moment."""
    concerned = reach.under_earlier(terms)
    holders = set(concerned.values_list("holder_id", flat=True))
    joined = GrantMember.objects.filter(grant__in=concerned, state=MemberState.JOINED, person__isnull=False)
    return Preview(concerned.count(), len(holders | set(joined.values_list("person_id", flat=True))))


def of(terms: Terms) -> TermsCampaign | None:
    """Return what was decided about a version, also if a later decision took its place."""
    return _known().filter(terms=terms).first()


def of_dataset(dataset: Dataset) -> dict[int, TermsCampaign]:
    """Return what was decided about the versions of a dataset, by the key of the version."""
    return {campaign.terms_id: campaign for campaign in _known().filter(dataset=dataset)}


def undecided(dataset: Dataset) -> Terms | None:
    """Return the newest version if running access is under earlier ones and a steward has to decide what becomes of it.

    To decide about it settles the earlier ones too, of which nothing can be decided any more then.
    """
    newest = next(iter(published(dataset)), None)
    if newest is None:
        return None
    newest.dataset = dataset
    waits = why_not_decidable(newest) is None and reach.under_earlier(newest).exists()
    return newest if waits else None


def running(dataset: Dataset) -> TermsCampaign | None:
    """Return the decision that counts for a dataset now: the last one."""
    return _known().filter(dataset=dataset, ended_at=None).first()


def grace(campaign: TermsCampaign) -> dt.timedelta:
    """Return how long holders have who are asked later. Needs `terms`; only of a campaign that asks."""
    assert campaign.grace_ends_at is not None, "what leaves access as it is has no grace"
    return campaign.grace_ends_at - max(campaign.decided_at, _effective(campaign.terms))


def counts(campaign: TermsCampaign) -> Counts:
    """Return how far a campaign is."""
    return counted([campaign])[campaign.pk]


def answers(campaign: TermsCampaign) -> QuerySet[TermsConsent]:
    """Return the questions of a campaign by reference of the access, each with its `standing` and `is_suspended`."""
    found = standing_of(TermsConsent.objects.filter(campaign=campaign))
    found = found.select_related("campaign__terms", "grant__holder", "grant__terms", "previous_terms", "document")
    return found.order_by("grant__reference")


def checked_note(note: str, choice: TermsChoice) -> str:
    """Return why the terms have changed, as the holders read it. Raises Invalid (`note`)."""
    words = note.strip()
    if not words and choice == TermsChoice.ASK:
        raise Invalid(_("Say why the terms have changed: the holders read it."), field="note")
    if len(words) > NOTE_LIMIT:
        raise Invalid(_("At most %(most)s characters.") % {"most": NOTE_LIMIT}, field="note")
    return words


def checked_days(days: int | None, choice: TermsChoice) -> dt.timedelta | None:
    """Return how long holders who are asked have, or None where nobody is. Raises Invalid (`grace_days`)."""
    if choice != TermsChoice.ASK:
        return None
    least, most = GRACE_DAYS
    if days is None or not least <= days <= most:
        words = _("Give the holders from %(least)d to %(most)d days.")
        raise Invalid(words % {"least": least, "most": most}, field="grace_days")
    return dt.timedelta(days=days)


def _known() -> QuerySet[TermsCampaign]:
    return TermsCampaign.objects.select_related("dataset", "terms__dataset", "decided_by")


def _in_force_after(terms: Terms) -> Terms | None:
    current = in_force_or_none(terms.dataset)
    return current if current is not None and is_later(current, terms) else None


def _effective(terms: Terms) -> dt.datetime:
    return dt.datetime.combine(terms.effective_from, dt.time.min, tzinfo=dt.UTC)


def _check_expected(concerned: int, expected: int | None) -> None:
    if expected is not None and concerned != expected:
        raise MovedOn(
            _("It is %(now)d grants now, and was %(then)d when you were asked. Look again.")
            % {"now": concerned, "then": expected}
        )
