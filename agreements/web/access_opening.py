"""Loading subsets, openings, offers and brought-in access: for pages about what opens later and what was before."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from agreements.catalog.models import Access, Dataset, Opening, Subset
from agreements.core.addresses import same_mailbox_pattern
from agreements.grants.imported import importing
from agreements.grants.models import Grant, SubsetOffer
from agreements.grants.offered import offers
from agreements.grants.permissions import Permission
from agreements.web import access


def waited_for(dataset: Dataset, slug: str) -> Subset:
    """Return a subset that is announced or was, for anyone."""
    found = Subset.objects.select_related("dataset").filter(dataset=dataset, slug=slug).first()
    if found is None or not (found.access == Access.ANNOUNCED or Opening.objects.filter(subset=found).exists()):
        raise Http404
    return found


def opening(dataset: Dataset, slug: str) -> Opening:
    """Return the opening of a subset that was announced; the dataset was loaded for its staff."""
    found = Opening.objects.select_related("subset__dataset", "decided_by").filter(subset__dataset=dataset)
    if (opened := found.filter(subset__slug=slug).first()) is None:
        raise Http404
    return opened


def own_offer(request: HttpRequest, reference: str, offer_id: int) -> SubsetOffer:
    """Return an offer of a subset that the signed-in person answers, or has answered."""
    grant = access.shared_grant(request, reference, needs=Permission.ANSWER_OFFER)
    found = SubsetOffer.objects.select_related("subset").filter(grant=grant, pk=offer_id).first()
    if found is None:
        raise Http404
    found.grant = grant
    return found


def imported_grant(dataset: Dataset, reference: str) -> Grant:
    """Return access that was brought in; the dataset was loaded for its staff."""
    found = importing.imported(dataset).filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def to_confirm(request: HttpRequest, reference: str) -> Grant:
    """Return access that was brought in for the mailbox of the signed-in person, however that is spelt."""
    mine = same_mailbox_pattern(access.person(request).email)
    found = Grant.objects.filter(reference=reference, imported_at__isnull=False, holder__email__iregex=mine)
    grant = found.select_related("dataset", "terms", "holder", "application").first()
    if grant is None:
        raise Http404
    return grant


def subsets_of(grant: Grant) -> list[Subset]:
    """Return the subsets of a grant that was loaded here, in the order of the dataset's page."""
    return list(grant.subsets.order_by("position"))


def questions_to(grant: Grant, *, is_holder: bool) -> dict[str, object]:
    """Return what the page of an access asks its holder: to confirm it, and to answer offers."""
    if not is_holder:
        return {"subset_offers": [], "is_unconfirmed": False}
    return {"subset_offers": offers.open_to(grant), "is_unconfirmed": importing.is_waiting(grant)}
