"""Who wants to be told when an announced subset opens. It ends when they take it back, or once they were told."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Access, Dataset, Interest, Subset
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind
from agreements.people.models import User

AS_ROLE = "interested"
TAKEN_BACK = "taken-back"
TOLD = "told"
SUBSET_TAKEN_OUT = "taken-out"


def note(*, subset: Subset, by: Actor) -> Interest:
    """Put a person on the list; whoever is on it stays there once. Raises NotPossible unless it is announced."""
    with act() as record:
        # Loading the dataset's folder locks the subsets too: nobody comes onto the list of one that has just opened.
        locked = Subset.objects.select_for_update(of=("self",)).select_related("dataset").get(pk=subset.pk)
        if locked.access != Access.ANNOUNCED or locked.dataset.withdrawn_at is not None:
            raise NotPossible(_("%(subset)s is not waited for any more: look at its page.") % {"subset": locked.title})
        person = User.objects.get(pk=by.pk)
        interest, is_new = Interest.objects.get_or_create(subset=locked, person=person, ended_at=None)
        if is_new:
            named = _subjects(interest)
            record.record(Kind.INTEREST_NOTED, by=by, as_role=AS_ROLE, subjects=named, subset=locked.slug)
        return interest


def take_back(*, subset: Subset, by: Actor) -> None:
    """Take a person off the list. Raises NotPossible if they are not on it."""
    with act() as record:
        mine = Interest.objects.select_for_update(of=("self",)).select_related("subset__dataset", "person")
        interest = mine.filter(subset=subset, person_id=by.pk, ended_at=None).first()
        if interest is None:
            raise NotPossible(_("You are not on the list of %(subset)s.") % {"subset": subset.title})
        end(record, interest=interest, cause=TAKEN_BACK, by=by, as_role=AS_ROLE)


def end(record: Act, *, interest: Interest, cause: str, by: Actor, as_role: str) -> None:
    """End a locked, running interest for a cause named here; being told is noted with its moment."""
    interest.ended_at = now()
    if cause == TOLD:
        interest.told_at = interest.ended_at
    interest.save(update_fields=["ended_at", "told_at"])
    named = _subjects(interest)
    record.record(Kind.INTEREST_ENDED, by=by, as_role=as_role, subjects=named, subset=interest.subset.slug, cause=cause)


def forget_subset(record: Act, *, subset: Subset, by: Actor, as_role: str) -> None:
    """End and delete every interest in an announced subset that is taken out of its dataset's file."""
    for interest in waiting(subset).select_for_update(of=("self",)).select_related("subset__dataset", "person"):
        end(record, interest=interest, cause=SUBSET_TAKEN_OUT, by=by, as_role=as_role)
    Interest.objects.filter(subset=subset).delete()


def waiting(subset: Subset) -> QuerySet[Interest]:
    """Return the running interests in a subset, the oldest first."""
    return Interest.objects.filter(subset=subset, ended_at=None).order_by("pk")


def noted_by(person_pk: int | None, dataset: Dataset) -> frozenset[int]:
    """Return the keys of the subsets of a dataset on whose lists a person is."""
    mine = Interest.objects.filter(person_id=person_pk, subset__dataset=dataset, ended_at=None)
    return frozenset(mine.values_list("subset_id", flat=True)) if person_pk is not None else frozenset()


def _subjects(interest: Interest) -> dict[str, str]:
    return {"dataset": interest.subset.dataset.slug, "person": str(interest.person.public_id)}
