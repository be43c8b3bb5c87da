"""Offering a withdrawn dataset again."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.catalog import withdrawing
from agreements.catalog.permissions import Permission
from agreements.grants import queries
from agreements.grants.models import GrantState
from agreements.web import access
from agreements.web.posted import posted
from agreements.web.reason_field import ReasonField
from agreements.web.refusals import IntoForm


class OfferAgainForm(forms.Form):
    """Why a dataset is offered again."""

    reason = ReasonField(help_text=gettext_lazy("Kept with the record; the dataset's staff read it."))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what comes back and what does not, and offer the dataset again."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    form = OfferAgainForm(posted(request))
    if form.is_valid():
        with IntoForm(form):
            withdrawing.offer_again(dataset=dataset, reason=form.cleaned_data["reason"], by=access.actor(request))
            messages.success(request, _("%(dataset)s is offered again.") % {"dataset": dataset.title})
            return redirect("stewardship", slug=slug)
    context = {
        "dataset": dataset,
        "form": form,
        "active": queries.by_state(dataset).get(GrantState.ACTIVE, 0),
    }
    return render(request, "stewardship/offer_again.html", context, status=422 if form.errors else 200)
