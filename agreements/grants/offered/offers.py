"""A subset that opened later: given to access that runs already, offered to its holder, or told of."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.bars.checks import check_not_barred
from agreements.catalog.models import Access, Subset
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.grants import lifecycle
from agreements.grants.deliverable import deliverable
from agreements.grants.links import making as links
from agreements.grants.models import Grant, Seal, SubsetOffer, TakenSubset
from agreements.grants.offered import messages
from agreements.grants.permissions import Permission, Standing, check_may
from agreements.grants.running import check_running
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind

UPGRADED: Final = "upgraded"
ACCEPTED: Final = "accepted"


def add(record: Act, *, grant: Grant, subset: Subset, cause: str, by: Actor, as_role: str) -> list[int]:
    """Give a locked, running grant a subset: links for its holder and each member, in a mail to each.

    Returns the keys of the people who were mailed. The caller has checked who may.
    """
    grant.subsets.add(subset)
    named = lifecycle.subjects(grant)
    record.record(Kind.SUBSET_ADDED, by=by, as_role=as_role, subjects=named, subset=subset.slug, cause=cause)
    archives = list(deliverable(grant).filter(subset=subset))
    seals = list(Seal.objects.filter(grant=grant, ended_at=None).select_related("person").order_by("pk"))
    for seal in seals:
        made = [
            links.create(record, grant=grant, seal=seal, archive=archive, by=by, as_role=as_role)
            for archive in archives
        ]
        messages.queue_added(grant, subset=subset, links=made, person=seal.person)
    return [seal.person_id for seal in seals]


def offer(record: Act, *, grant: Grant, subset: Subset, by: Actor, as_role: str) -> SubsetOffer:
    """Offer the holder of a locked grant a subset, by mail. The caller has checked who may, and that none is there."""
    made = SubsetOffer.objects.create(grant=grant, subset=subset)
    record.record(Kind.SUBSET_OFFERED, by=by, as_role=as_role, subjects=lifecycle.subjects(grant), subset=subset.slug)
    messages.queue_offered(made)
    return made


def accept(*, offer: SubsetOffer, by: Actor) -> SubsetOffer:
    """Accept the grant's terms for an offered subset too: it is theirs at once, and its links are mailed.

    Raises NotAllowed (not the holder, or barred), NotPossible (answered before, the access does not run, or the subset
    can no longer be had).
    """
    with act() as record:
        locked, standing = _locked(offer, by=by)
        grant = locked.grant
        check_running(grant)
        emails = (grant.holder.email, grant.application.email)
        check_not_barred(dataset_pk=grant.dataset_id, person_pk=grant.holder_id, emails=emails)
        _check_still_given(locked)
        _answer(locked, is_accepted=True)
        add(record, grant=grant, subset=locked.subset, cause=ACCEPTED, by=by, as_role=standing)
        return locked


def decline(*, offer: SubsetOffer, by: Actor) -> SubsetOffer:
    """Decline an offered subset; the access stays as it is. Raises NotAllowed, NotPossible (answered before)."""
    with act() as record:
        locked, standing = _locked(offer, by=by)
        _answer(locked, is_accepted=False)
        record.record(
            Kind.SUBSET_DECLINED,
            by=by,
            as_role=standing,
            subjects=lifecycle.subjects(locked.grant),
            subset=locked.subset.slug,
        )
        return locked


def why_not(offer: SubsetOffer) -> str | None:
    """Return in words why an offer cannot be accepted, or None if it can. Needs `grant.dataset` and `subset`."""
    try:
        _check_unanswered(offer)
        check_running(offer.grant)
        _check_still_given(offer)
    except NotPossible as refusal:
        return str(refusal)
    return None


def open_to(grant: Grant) -> list[SubsetOffer]:
    """Return the offers that wait for the holder's answer, the oldest first."""
    return list(SubsetOffer.objects.filter(grant=grant, answered_at=None).select_related("subset").order_by("pk"))


def _locked(offer: SubsetOffer, *, by: Actor) -> tuple[SubsetOffer, Standing]:
    grant = lifecycle.lock(offer.grant)
    standing = check_may(Permission.ANSWER_OFFER, grant=grant, by=by)
    locked = SubsetOffer.objects.select_for_update(of=("self",)).select_related("subset").get(pk=offer.pk)
    locked.grant = grant
    _check_unanswered(locked)
    return locked, standing


def _answer(offer: SubsetOffer, *, is_accepted: bool) -> None:
    offer.answered_at, offer.is_accepted = now(), is_accepted
    offer.save(update_fields=["answered_at", "is_accepted"])


def _check_unanswered(offer: SubsetOffer) -> None:
    if offer.answered_at is not None:
        raise NotPossible(_("You have answered this offer already."))


def _check_still_given(offer: SubsetOffer) -> None:
    taken = TakenSubset.objects.filter(grant=offer.grant, subset=offer.subset, given_back_at=None)
    if offer.subset.access != Access.AGREEMENT or taken.exists():
        raise NotPossible(_("%(subset)s can no longer be had under this access.") % {"subset": offer.subset.title})
