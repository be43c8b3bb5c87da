"""Bars on the steward's desk: who may not apply for the dataset, until when and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agreements.bars import barring
from agreements.bars.checks import is_running, running
from agreements.bars.models import Bar
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, may
from agreements.people.models import User
from agreements.web import access, access_procedures
from agreements.web.bar_forms import BarForm, BarLiftForm
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class BarRow:
    """A bar as the page shows it; `lift_form` where it can be lifted."""

    bar: Bar
    lift_form: BarLiftForm | None


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def bars(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the bars of the dataset and set one; auditors read."""
    needs = Permission.VIEW_DESK if request.method == "GET" else Permission.END_ACCESS
    dataset = access.staffed_dataset(request, slug, needs=needs)
    form = BarForm(posted(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with IntoForm(form):
            person = _person(dataset, form) if "@" in given["whom"][1:] else None
            if not form.errors:
                barring.set_bar(
                    dataset=dataset,
                    person=person,
                    domain="" if person else given["whom"],
                    reason=given["reason"],
                    until=given["until"],
                    by=access.actor(request),
                )
                messages.success(request, _("%(whom)s is barred from applying.") % {"whom": given["whom"]})
                return redirect("bars", slug=slug)
    return _bars(request, dataset, form=form)


@login_required
@never_cache
@require_POST
def lift_bar(request: HttpRequest, slug: str, bar_id: int) -> HttpResponse:
    """Lift a bar, saying why."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    bar = access_procedures.bar(dataset, bar_id)
    form = _lift_form(bar, request)
    if form.is_valid():
        with IntoForm(form):
            barring.lift(bar=bar, reason=form.cleaned_data["reason"], by=access.actor(request))
            messages.success(request, _("The bar is lifted."))
            return redirect("bars", slug=slug)
        if not is_running(bar):
            # There is no form of it on the page any more.
            messages.error(request, _("This bar was lifted already, or has run out."))
            return redirect("bars", slug=slug)
    return _bars(request, dataset, lift_of=bar.pk, lift_form=form)


def _bars(
    request: HttpRequest,
    dataset: Dataset,
    *,
    form: BarForm | None = None,
    lift_of: int | None = None,
    lift_form: BarLiftForm | None = None,
) -> HttpResponse:
    """Show the page; with a form that was refused, open and as it was filled in."""
    may_change = may(Permission.END_ACCESS, dataset=dataset, by=access.actor(request))
    every = access_procedures.bars(dataset)
    standing = running(dataset_pk=dataset.pk).values("pk")
    forms = {lift_of: lift_form} if lift_form else {}
    past = Paginator(every.exclude(pk__in=standing), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "dataset": dataset,
        "may_change": may_change,
        "running": [
            BarRow(bar, forms.get(bar.pk) or _lift_form(bar) if may_change else None)
            for bar in every.filter(pk__in=standing)
        ],
        "past": past,
        "form": form or BarForm(),
    }
    refused = bool((form and form.errors) or (lift_form and lift_form.errors))
    return render(request, "stewardship/bars.html", context, status=422 if refused else 200)


def _lift_form(bar: Bar, request: HttpRequest | None = None) -> BarLiftForm:
    return BarLiftForm(request.POST if request else None, auto_id=f"lift-{bar.pk}-%s")


def _person(dataset: Dataset, form: BarForm) -> User | None:
    """Return whom the address names; one that nobody known here has is an error of the form."""
    found = access_procedures.known_person(dataset, form.cleaned_data["whom"])
    if found is None:
        form.add_error("whom", _("Nobody who applied for this dataset or has access to it has this address."))
    return found
