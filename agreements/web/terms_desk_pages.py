"""Terms on the desk: the versions and what each means for running access, and publishing a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog import publishing_terms
from agreements.catalog import terms as catalog_terms
from agreements.catalog.models import Dataset, Terms
from agreements.catalog.permissions import Permission, may
from agreements.catalog.published_here import published_here
from agreements.core.clock import today
from agreements.grants import queries
from agreements.grants.models import TermsCampaign
from agreements.grants.terms_change import campaigns
from agreements.grants.terms_change.standing import Counts, counted
from agreements.web import access
from agreements.web.refusals import IntoForm
from agreements.web.terms_comparison import compare
from agreements.web.terms_forms import TermsForm, following

EDIT: Final = "edit"
LOOK: Final = "look"
PUBLISH: Final = "publish"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version on the desk. `standing` is coming, in-force or over; `waits`: a steward has to decide about it."""

    terms: Terms
    standing: str
    grants: int
    campaign: TermsCampaign | None
    counts: Counts | None
    waits: bool


@login_required
@never_cache
@require_safe
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """List the versions, how much access runs under each and what was decided about it; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    rows = _rows(dataset)
    context = {
        "dataset": dataset,
        "rows": rows,
        "published_here": published_here(dataset),
        "undecided": next((row for row in rows if row.waits), None),
        "may_publish": may(Permission.PUBLISH_TERMS, dataset=dataset, by=access.actor(request)),
        "may_decide": may(Permission.DECIDE_TERMS, dataset=dataset, by=access.actor(request)),
    }
    return render(request, "stewardship/terms.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_terms(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a new version, show what is different in it, and publish it once that was looked at."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH_TERMS)
    if request.method != "POST":
        return _form_page(request, dataset, TermsForm(dataset=dataset, initial=following(dataset)))
    if request.POST.get("action") == EDIT:
        typed = {name: request.POST.get(name, "") for name in TermsForm.base_fields}
        return _form_page(request, dataset, TermsForm(dataset=dataset, initial=typed))
    form = TermsForm(request.POST, dataset=dataset)
    if not form.is_valid() or form.source is None:
        return _form_page(request, dataset, form)
    if request.POST.get("action") != PUBLISH:
        return _look(request, dataset, form)
    with IntoForm(form):
        made = publishing_terms.publish(dataset=dataset, source=form.source, by=access.actor(request))
        messages.success(request, _("Terms %(version)s are published.") % {"version": made.version})
        return redirect("terms-decision", slug=slug, version=made.version)
    return _form_page(request, dataset, form)


def _form_page(request: HttpRequest, dataset: Dataset, form: TermsForm) -> HttpResponse:
    context = {"dataset": dataset, "form": form, "look": LOOK}
    return render(request, "stewardship/terms_new.html", context, status=422 if form.errors else 200)


def _look(request: HttpRequest, dataset: Dataset, form: TermsForm) -> HttpResponse:
    assert form.source is not None, "the form is valid"
    newest = next(iter(catalog_terms.published(dataset)), None)
    typed = {name: form.data.get(name, "") for name in TermsForm.base_fields}
    context: dict[str, Any] = {
        "dataset": dataset,
        "source": form.source,
        "old": newest,
        "holds_at_once": form.source.effective_from <= today(),
        "comparison": compare(newest, form.source) if newest else None,
        "publish": _hidden(dataset, typed, PUBLISH),
        "edit": _hidden(dataset, typed, EDIT),
    }
    return render(request, "stewardship/terms_look.html", context)


def _hidden(dataset: Dataset, typed: dict[str, str], action: str) -> TermsForm:
    return TermsForm(dataset=dataset, initial=typed | {"action": action}, is_hidden=True, auto_id=False)


def _rows(dataset: Dataset) -> list[VersionRow]:
    """Return the versions, the newest first."""
    numbers = queries.running_by_terms(dataset)
    current = catalog_terms.in_force_or_none(dataset)
    decided = campaigns.of_dataset(dataset)
    counts = counted(decided.values())
    undecided = campaigns.undecided(dataset)
    rows = []
    for terms in catalog_terms.published(dataset):
        campaign = decided.get(terms.pk)
        rows.append(
            VersionRow(
                terms=terms,
                standing="coming" if terms.effective_from > today() else "in-force" if terms == current else "over",
                grants=numbers.get(terms.pk, 0),
                campaign=campaign,
                counts=counts[campaign.pk] if campaign else None,
                waits=terms == undecided,
            )
        )
    return rows
