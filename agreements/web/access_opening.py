"""Loading subsets, openings, offers and brought-in access: for pages about what opens later and what was before."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from agreements.catalog.models import Access, Dataset, Opening, Subset
from agreements.grants.models import SubsetOffer
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
