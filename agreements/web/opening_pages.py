"""Subsets on the desk: who waits for one, and what becomes of running access when it opens."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog.models import OpeningChoice
from agreements.catalog.permissions import Permission, may
from agreements.flows import opening as openings
from agreements.web import access, access_opening
from agreements.web.opening_forms import OpeningForm
from agreements.web.refusals import IntoMessages


@login_required
@never_cache
@require_safe
def subsets(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the subsets of a dataset, how many wait for each, and which openings are to be decided on."""
    dataset = access.staffed_dataset(request, slug)
    return render(request, "stewardship/subsets.html", {"dataset": dataset, "rows": openings.desk_of(dataset)})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opening(request: HttpRequest, slug: str, subset: str) -> HttpResponse:
    """Show what an opening means for running access; decide it once; show how far that is."""
    dataset = access.staffed_dataset(request, slug)
    found = access_opening.opening(dataset, subset)
    may_decide = may(Permission.DECIDE_OPENING, dataset=dataset, by=access.actor(request))
    if request.method == "POST":
        if not may_decide:
            raise Http404
        form = OpeningForm(request.POST)
        if form.is_valid():
            with IntoMessages(request):
                choice = OpeningChoice(form.cleaned_data["choice"])
                expected = form.cleaned_data["expected"]
                openings.decide(opening=found, choice=choice, expected=expected, by=access.actor(request))
                messages.success(request, _("It is decided and begins now."))
        else:
            messages.error(request, _("Choose one of the two."))
        return redirect("opening", slug=slug, subset=subset)
    facts = openings.facts(found)
    context = {
        "dataset": dataset,
        "facts": facts,
        "may_decide": may_decide and facts.can_be_decided,
        "upgrade": _form(OpeningChoice.UPGRADE, facts.same),
        "ask": _form(OpeningChoice.ASK, facts.same),
    }
    return render(request, "stewardship/opening.html", context)


def _form(choice: OpeningChoice, expected: int) -> OpeningForm:
    return OpeningForm(initial={"choice": choice, "expected": expected}, auto_id=False)
