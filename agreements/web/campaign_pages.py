"""What a version of the terms means for access that runs: deciding it, and how far the campaign is."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.catalog.models import Dataset, Terms
from agreements.catalog.permissions import Permission, may
from agreements.core.clock import now
from agreements.flows import mail_again
from agreements.grants.models import TermsCampaign, TermsChoice
from agreements.grants.terms_change import campaigns, reach
from agreements.web import access, access_terms, campaign_rows
from agreements.web.csv_answer import as_csv
from agreements.web.papers import paper
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.terms_forms import AnswerFilterForm, DecidedForm, DecideForm

PER_PAGE: Final = 50
SHOWN: Final = 50
LOOK: Final = "look"
DECIDE: Final = "decide"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decision(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show what was decided and how far it is; or whom a decision reaches, and take it. Auditors read."""
    dataset = access.staffed_dataset(request, slug)
    terms = access.terms(dataset.slug, version)
    may_decide = may(Permission.DECIDE_TERMS, dataset=dataset, by=access.actor(request))
    if request.method == "POST" and not may_decide:
        raise Http404
    if (campaign := campaigns.of(terms)) is not None:
        if request.method == "POST":
            messages.error(request, campaigns.why_not_decidable(terms) or "")
            return redirect("terms-decision", slug=slug, version=version)
        return _campaign(request, dataset, campaign)
    if request.method != "POST":
        return _undecided(request, terms, DecideForm(), may_decide=may_decide)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _undecided(request, terms, form, may_decide=True)
    if request.POST.get("action") != DECIDE:
        return _look(request, terms, form, _decided_form(terms, form))
    return _decide(request, terms, form)


@login_required
@never_cache
@require_safe
def answers_csv(request: HttpRequest, slug: str, version: str) -> StreamingHttpResponse:
    """Give the answers as CSV, filtered as the page is; before anything is decided, whom it would reach."""
    dataset = access.staffed_dataset(request, slug)
    terms = access.terms(dataset.slug, version)
    campaign = campaigns.of(terms)
    if campaign is None:
        lines = campaign_rows.reached_lines(_reached(terms))
        return as_csv(f"{dataset.slug}-terms-{terms.version}-reached", campaign_rows.REACHED_COLUMNS, lines)
    lines = campaign_rows.csv_lines(campaign, campaign_rows.wanted(campaign, **_filter(request)[1]))
    return as_csv(f"{dataset.slug}-terms-{terms.version}-answers", campaign_rows.COLUMNS, lines)


@login_required
@require_POST
def resend(request: HttpRequest, slug: str, version: str, message_id: int) -> HttpResponse:
    """Send a holder the last mail about the question again."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.SEND_AGAIN)
    campaign = campaigns.of(access.terms(dataset.slug, version))
    if campaign is None:
        raise Http404
    message = access_terms.notice(campaign, message_id)
    with IntoMessages(request):
        mail_again.send(dataset=dataset, message=message, by=access.actor(request))
        messages.success(request, _("The mail is on its way again to %(address)s.") % {"address": message.recipient})
    return redirect("terms-decision", slug=slug, version=version)


@login_required
@never_cache
@require_safe
def consent_pdf(request: HttpRequest, slug: str, reference: str, consent_id: int) -> HttpResponse:
    """Give the certified page on which a holder agreed to new terms, for the dataset's staff."""
    found = access_terms.consent(access.managed_grants(request, slug), reference, consent_id)
    assert found.document is not None, "it was asked for"
    return paper(request, found.document, access_terms.file_name(found))


def _decide(request: HttpRequest, terms: Terms, form: DecideForm) -> HttpResponse:
    decided = DecidedForm(request.POST, count=campaigns.preview(terms).grants)
    if decided.is_valid():
        given = decided.cleaned_data
        with IntoForm(decided):
            campaigns.decide(
                terms=terms,
                choice=TermsChoice(given["choice"]),
                grace_days=given["grace_days"],
                note=given["note"],
                expected=given["expected"],
                by=access.actor(request),
            )
            messages.success(request, _("It is decided and begins now."))
            return redirect("terms-decision", slug=terms.dataset.slug, version=terms.version)
    return _look(request, terms, form, decided)


def _undecided(request: HttpRequest, terms: Terms, form: DecideForm, *, may_decide: bool) -> HttpResponse:
    context: dict[str, Any] = {
        "dataset": terms.dataset,
        "terms": terms,
        "old": access_terms.before(terms),
        "why_not": campaigns.why_not_decidable(terms),
        "preview": campaigns.preview(terms),
        "form": form,
        "look": LOOK,
        "may_decide": may_decide,
    }
    return render(request, "stewardship/terms_decision.html", context, status=422 if form.errors else 200)


def _look(request: HttpRequest, terms: Terms, form: DecideForm, decided: DecidedForm) -> HttpResponse:
    if (why_not := campaigns.why_not_decidable(terms)) is not None:
        messages.error(request, why_not)
        return redirect("terms-decision", slug=terms.dataset.slug, version=terms.version)
    given, found = form.cleaned_data, campaigns.preview(terms)
    asks = given["choice"] == TermsChoice.ASK
    grace_ends = _grace_end(terms, given["grace_days"]) if asks else None
    context: dict[str, Any] = {
        "dataset": terms.dataset,
        "terms": terms,
        "preview": found,
        "reached": list(_reached(terms)[:SHOWN]),
        "is_cut": found.grants > SHOWN,
        "asks": asks,
        "note": given["note"],
        "days": given["grace_days"],
        "grace_ends": grace_ends,
        "reminders": _reminders(grace_ends) if grace_ends else "",
        "form": decided,
    }
    return render(request, "stewardship/terms_decide.html", context, status=422 if decided.errors else 200)


def _reminders(grace_ends: dt.datetime) -> str:
    """Return how long before the end of the grace reminders come, in words; those before the asking never come."""
    fit = [days for days in reach.REMINDER_DAYS if now() < grace_ends - dt.timedelta(days=days)]
    return get_text_list([ngettext("%(n)d day", "%(n)d days", days) % {"n": days} for days in fit], _("and"))


def _decided_form(terms: Terms, form: DecideForm) -> DecidedForm:
    count = campaigns.preview(terms).grants
    given = {name: form.data.get(name, "") for name in DecideForm.base_fields}
    return DecidedForm(initial=given | {"action": DECIDE, "expected": count}, count=count)


def _campaign(request: HttpRequest, dataset: Dataset, campaign: TermsCampaign) -> HttpResponse:
    form, chosen = _filter(request)
    page = Paginator(campaign_rows.wanted(campaign, **chosen), PER_PAGE).get_page(request.GET.get("page"))
    counts = campaigns.counts(campaign)
    context = {
        "dataset": dataset,
        "campaign": campaign,
        "terms": campaign.terms,
        "counts": counts,
        "pieces": campaign_rows.pieces(counts),
        "bar_width": campaign_rows.WIDTH,
        "is_over": campaign.grace_ends_at is not None and campaign.grace_ends_at <= now(),
        "form": form,
        "page": page,
        "rows": campaign_rows.rows(campaign, list(page.object_list)),
        "query": urlencode({name: value for name, value in chosen.items() if value}),
        "may_send": may(Permission.SEND_AGAIN, dataset=dataset, by=access.actor(request)),
    }
    return render(request, "stewardship/terms_campaign.html", context)


def _filter(request: HttpRequest) -> tuple[AnswerFilterForm, dict[str, str]]:
    form = AnswerFilterForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    return form, {name: given.get(name, "") for name in ("show", "words")}


def _reached(terms: Terms) -> Any:
    return reach.under_earlier(terms).select_related("holder", "terms").order_by("reference")


def _grace_end(terms: Terms, days: int) -> dt.datetime:
    return campaigns.grace_end(terms, days=dt.timedelta(days=days), at=now())
