"""An announced subset opened: what becomes of access that runs already, as the steward decides once.

Access under the terms in force, or later ones that its holder agreed to early, gets the subset or is asked; access
under earlier terms is told. `opening_work.py` does it, in slices: thousands of people are not written to in one
transaction.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog import holding, interest
from agreements.catalog.models import Access, Archive, Dataset, Opening, OpeningChoice, Subset, Terms
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.terms import earlier, in_force
from agreements.core.actors import Actor
from agreements.core.clock import now, today
from agreements.core.errors import MovedOn, NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.grants.models import Grant, GrantNotice, SubsetOffer, TakenSubset
from agreements.grants.offered import offers
from agreements.grants.offered.messages import OTHER_TERMS
from agreements.grants.running import running
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people.models import User
from agreements.revocation.standing import is_ended


@dataclass(frozen=True, slots=True)
class Facts:
    """What a steward decides on, and how far what was decided is.

    `same`: running grants under `terms` that do not cover the subset yet; `other`: those under other versions, each
    with its number; `waiting`: people on the list; `done` of `done + left` grants are dealt with.
    """

    opening: Opening
    terms: Terms
    same: int
    other: tuple[tuple[str, int], ...]
    waiting: int
    archives: int
    done: int
    left: int

    @property
    def total(self) -> int:
        return self.done + self.left

    @property
    def others(self) -> int:
        return sum(number for _version, number in self.other)

    @property
    def can_be_decided(self) -> bool:
        return not self.opening.choice and self.opening.subset.access == Access.AGREEMENT


@dataclass(frozen=True, slots=True)
class Waited:
    """A subset on the desk, with how many wait for it and its opening, if it was announced before."""

    subset: Subset
    waiting: int
    opening: Opening | None

    @property
    def is_undecided(self) -> bool:
        return self.opening is not None and not self.opening.choice and self.subset.access == Access.AGREEMENT


def desk_of(dataset: Dataset) -> list[Waited]:
    """Return the subsets of a dataset in their order, as its desk shows them."""
    subsets = list(Subset.objects.filter(dataset=dataset).order_by("position", "pk"))
    openings = {opening.subset_id: opening for opening in Opening.objects.filter(subset__in=subsets)}
    return [Waited(subset, interest.waiting(subset).count(), openings.get(subset.pk)) for subset in subsets]


def facts(opening: Opening) -> Facts:
    """Return them. Needs `opening.subset.dataset`. Raises catalog.terms.NoTerms."""
    decides = terms_of(opening)
    lacking = without(opening)
    before = earlier(decides)
    versions = lacking.filter(terms__in=before).order_by().values("terms__version").annotate(number=Count("pk"))
    same = lacking.exclude(terms__in=before)
    return Facts(
        opening=opening,
        terms=decides,
        same=same.count(),
        other=tuple((row["terms__version"], row["number"]) for row in versions.order_by("terms__version")),
        waiting=interest.waiting(opening.subset).count(),
        archives=Archive.objects.filter(subset=opening.subset, withdrawn_at=None).count(),
        done=_done(opening),
        left=due(opening).count() if opening.choice else 0,
    )


def decide(*, opening: Opening, choice: OpeningChoice, expected: int, by: Actor) -> Opening:
    """Decide, once, what becomes of running access; `expected` is the number of grants that the steward was shown.

    Raises NotAllowed, NotPossible (decided before, or nothing to decide), MovedOn if that number changed.
    """
    with act() as record:
        locked = Opening.objects.select_for_update(of=("self",)).select_related("subset__dataset").get(pk=opening.pk)
        subset = locked.subset
        standing = check_may(Permission.DECIDE_OPENING, dataset=subset.dataset, by=by)
        if locked.choice:
            raise NotPossible(_("This was decided already: %(choice)s.") % {"choice": locked.get_choice_display()})
        if subset.access != Access.AGREEMENT:
            raise NotPossible(_("%(subset)s is open to everybody: there is nothing to decide.") % {"subset": subset})
        reached = without(locked).exclude(terms__in=earlier(terms_of(locked))).count()
        if reached != expected:
            raise MovedOn(
                _("It is %(now)d grants now, and was %(then)d when you were asked. Look again.")
                % {"now": reached, "then": expected}
            )
        locked.choice, locked.decided_at = choice, now()
        locked.decided_by = User.objects.get(pk=by.pk)
        locked.save(update_fields=["choice", "decided_at", "decided_by"])
        record.record(
            Kind.OPENING_DECIDED,
            by=by,
            as_role=standing,
            subjects={"dataset": subset.dataset.slug},
            subset=subset.slug,
            choice=str(choice),
            grants=reached,
        )
        poke(Wakeup.OPENING)
    return locked


def terms_of(opening: Opening) -> Terms:
    """Return the terms that decide who is asked: those in force when it was decided, else those in force now."""
    on = opening.decided_at.astimezone(dt.UTC).date() if opening.decided_at else today()
    return in_force(opening.subset.dataset, on=on)


def without(opening: Opening) -> QuerySet[Grant]:
    """Return the running grants of the dataset that do not cover the subset, and from which it was not taken."""
    covers = Grant.subsets.through.objects.filter(grant_id=OuterRef("pk"), subset_id=opening.subset_id)
    taken = TakenSubset.objects.filter(grant=OuterRef("pk"), subset=opening.subset_id, given_back_at=None)
    return running().filter(~Exists(covers), ~Exists(taken), dataset=opening.subset.dataset_id)


def due(opening: Opening) -> QuerySet[Grant]:
    """Return the grants with which something is still to be done after a decision, in the order of their keys.

    Access that was suspended meanwhile is among them once it runs again.
    """
    decides = terms_of(opening)
    offered = SubsetOffer.objects.filter(grant=OuterRef("pk"), subset=opening.subset_id)
    told = notices(opening).filter(grant=OuterRef("pk"))
    if is_ended(opening.subset):
        return Grant.objects.none()
    before = earlier(decides)
    same, other = without(opening).exclude(terms__in=before), without(opening).filter(terms__in=before)
    if opening.choice == OpeningChoice.ASK:
        same = same.filter(~Exists(offered))
    return (same | other.filter(~Exists(told))).order_by("pk")


def accept(*, offer: SubsetOffer, by: Actor) -> SubsetOffer:
    """Accept an offered subset as `offers.accept` does; NotPossible too if the lab ended the subset meanwhile."""
    with act():
        # Held before it is asked: else the subset ends between the question and the answer.
        holding.hold(offer.grant.dataset_id)
        if is_ended(offer.subset):
            raise NotPossible(_("%(subset)s can no longer be had under this access.") % {"subset": offer.subset.title})
        return offers.accept(offer=offer, by=by)


def notices(opening: Opening) -> QuerySet[GrantNotice]:
    """Return what was told to holders under other terms of this opening."""
    about = about_opening(opening)
    return GrantNotice.objects.filter(kind=OTHER_TERMS, about=about, grant__dataset=opening.subset.dataset_id)


def about_opening(opening: Opening) -> str:
    """Return by what the notices of this opening are known."""
    return opening.opened_at.astimezone(dt.UTC).isoformat()


def _done(opening: Opening) -> int:
    """Count the grants that were given the subset, asked or told; those issued after the opening had it at once."""
    if not opening.choice:
        return 0
    if opening.choice == OpeningChoice.ASK:
        offered = SubsetOffer.objects.filter(subset=opening.subset)
        given = Grant.objects.filter(pk__in=offered.values("grant"))
    else:
        before = Grant.objects.filter(subsets=opening.subset).exclude(terms__in=earlier(terms_of(opening)))
        given = before.filter(starts_at__lt=opening.opened_at)
    # Who was told, and agreed to the terms later, has it all the same: they are one.
    told = notices(opening).exclude(grant__in=given)
    return given.count() + told.count()
