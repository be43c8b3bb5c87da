"""A subset that opened later, offered to a holder: accept the terms for it, or decline."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.flows import opening as openings
from agreements.grants.deliverable import is_published
from agreements.grants.offered import offers
from agreements.web import access, access_opening
from agreements.web.opening_forms import OfferForm
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, reference: str, offer_id: int) -> HttpResponse:
    """Show what is offered, with the terms in full; take the answer."""
    found = access_opening.own_offer(request, reference, offer_id)
    by = access.actor(request)
    if request.method == "POST" and "decline" in request.POST:
        with IntoMessages(request):
            offers.decline(offer=found, by=by)
            messages.success(request, _("You declined it. Your access stays as it is."))
        return redirect("grant", reference=reference)
    published = is_published(found.subset)
    form = OfferForm(posted(request))
    if form.is_valid():
        with IntoForm(form):
            openings.accept(offer=found, by=by)
            words = _("%(subset)s is part of your access now; its links are below and on their way to you.")
            if not published:
                words = _("%(subset)s is part of your access now. Its archives will be below once they are published.")
            messages.success(request, words % {"subset": found.subset.title})
            return redirect("grant", reference=reference)
    context = {
        "offer": found,
        "grant": found.grant,
        "form": form,
        "why_not": offers.why_not(found),
        "is_published": published,
    }
    return render(request, "grants/subset_offer.html", context, status=422 if form.errors else 200)
