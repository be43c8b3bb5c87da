"""Rules about addresses on the steward's desk: which hold, which are over, and whom one touches before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, may
from agreements.flows import address_rules, rule_preview
from agreements.flows.address_rules import Done
from agreements.flows.rule_preview import Preview, Touched
from agreements.identity import rules
from agreements.identity.models import Verdict
from agreements.identity.tiers import Tier
from agreements.web import access
from agreements.web.csv_answer import as_csv
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.rule_forms import EndRuleForm, NewRuleForm, RuleForm

SHOWN: Final = 50
"""Rows on the page; the number of all of them stands over the table, and a file has them all."""
PER_PAGE: Final = 50
COLUMNS: Final = ("what", "reference", "status", "name", "address", "before", "after", "decided by")
TONES: Final = {
    Tier.INSTITUTIONAL: ("good", "pass"),
    Tier.REVIEW: ("attention", "attention"),
    Tier.UNKNOWN: ("quiet", "unknown"),
    Tier.PERSONAL: ("attention", "attention"),
    Tier.BLOCKED: ("bad", "fail"),
}


@login_required
@never_cache
@require_safe
def rule_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the rules in force and those that are over; auditors read it."""
    return _rules(request, access.staffed_dataset(request, slug), RuleForm())


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """Show whom a rule would touch, as the address says it, and make it."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_RULES)
    if request.method == "POST":
        return _add(request, dataset)
    if "suffix" not in request.GET:
        return redirect("rules", slug=slug)
    chosen = RuleForm(request.GET)
    preview = _preview_of(request, dataset, chosen)
    if preview is None:
        return _rules(request, dataset, chosen)
    return _show_new(request, dataset, preview, chosen, NewRuleForm(initial=_chosen(chosen)))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end_rule(request: HttpRequest, slug: str, rule_id: int) -> HttpResponse:
    """Show whom the end of a rule would touch, and end it."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_RULES)
    rule = access.rule(dataset, rule_id)
    by = access.actor(request)
    form = EndRuleForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with IntoMessages(request):
            done = address_rules.end_rule(rule=rule, by=by, gather_again=form.cleaned_data["gather_again"])
            messages.success(request, _told(_("The rule about %(suffix)s has ended."), done))
        return redirect("rules", slug=slug)
    preview = rule_preview.of_ending(rule=rule, by=by)
    form.ask_for(len(preview.to_ask))
    context = _context(dataset, preview) | {"rule": rule, "form": form, "csv": _csv(dataset, rule=str(rule.pk))}
    return render(request, "stewardship/rule_end.html", context)


@login_required
@never_cache
@require_safe
def touched_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give all that a rule, or the end of one, would touch as CSV; an address that names neither leads to the rules."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_RULES)
    number = request.GET.get("rule", "")
    if number.isascii() and number.isdecimal() and len(number) < 10:
        preview = rule_preview.of_ending(rule=access.rule(dataset, int(number)), by=access.actor(request))
    elif (found := _preview_of(request, dataset, RuleForm(request.GET))) is not None:
        preview = found
    else:
        return redirect("rules", slug=slug)
    return as_csv(f"{dataset.slug}-rule-{preview.suffix}", COLUMNS, _lines(preview.touched))


def _add(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    form = NewRuleForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        with IntoForm(form):
            done = address_rules.add_rule(
                dataset=dataset,
                suffix=given["suffix"],
                verdict=Verdict(given["verdict"]),
                reason=given["reason"],
                expires_at=given["until"],
                gather_again=given["gather_again"],
                by=access.actor(request),
            )
            messages.success(request, _told(_("The rule about %(suffix)s holds from now on."), done))
            return redirect("rules", slug=dataset.slug)
    chosen = RuleForm(request.POST)
    preview = _preview_of(request, dataset, chosen)
    return _rules(request, dataset, chosen) if preview is None else _show_new(request, dataset, preview, chosen, form)


def _preview_of(request: HttpRequest, dataset: Dataset, form: RuleForm) -> Preview | None:
    """Return whom the rule in a form would touch; None where it is refused, which the form says then."""
    if form.is_valid():
        suffix, verdict = form.cleaned_data["suffix"], Verdict(form.cleaned_data["verdict"])
        with IntoForm(form):
            return rule_preview.of_adding(dataset=dataset, suffix=suffix, verdict=verdict, by=access.actor(request))
    return None


def _rules(request: HttpRequest, dataset: Dataset, form: RuleForm) -> HttpResponse:
    context = {
        "dataset": dataset,
        "may_change": may(Permission.CHANGE_RULES, dataset=dataset, by=access.actor(request)),
        "in_force": rules.rows(dataset),
        "past": Paginator(rules.past(dataset), PER_PAGE).get_page(request.GET.get("page")),
        "form": form,
    }
    return render(request, "stewardship/rules.html", context, status=422 if form.errors else 200)


def _show_new(
    request: HttpRequest, dataset: Dataset, preview: Preview, chosen: RuleForm, form: NewRuleForm
) -> HttpResponse:
    given = chosen.cleaned_data
    context = _context(dataset, preview) | {
        "verdict": Verdict(given["verdict"]).label,
        "until": given["until"],
        "form": form.after_preview(len(preview.to_ask)),
        "csv": _csv(dataset, **_chosen(chosen)),
    }
    return render(request, "stewardship/rule_new.html", context, status=422 if form.errors else 200)


def _chosen(form: RuleForm) -> dict[str, str]:
    """Return what was chosen before the preview, as it was typed."""
    return {name: form.data.get(name, "") for name in RuleForm.base_fields}


def _context(dataset: Dataset, preview: Preview) -> dict[str, Any]:
    touched = preview.touched[:SHOWN]
    return {
        "dataset": dataset,
        "preview": preview,
        "first": [{"it": one, "before": _badge(one.before), "after": _badge(one.after)} for one in touched],
        "is_cut": len(preview.touched) > SHOWN,
        "reach": _reach(preview),
    }


def _reach(preview: Preview) -> str:
    """Return how many it touches, in one sentence."""
    cases = ngettext("%(n)d running application", "%(n)d running applications", preview.cases) % {"n": preview.cases}
    access = ngettext("access of %(n)d person", "access of %(n)d people", preview.holders) % {"n": preview.holders}
    both = _("%(cases)s and %(access)s") % {"cases": cases, "access": access}
    what = both if preview.cases and preview.holders else cases if preview.cases else access
    return _("%(what)s; %(changed)s") % {"what": capfirst(what), "changed": _changed(preview)}


def _changed(preview: Preview) -> str:
    if not preview.changed:
        return _("no tier changes")
    if preview.changed == len(preview.touched):
        return ngettext("the tier changes", "for all of them the tier changes", preview.changed)
    words = ngettext("for %(n)d of them the tier changes", "for %(n)d of them the tier changes", preview.changed)
    return words % {"n": preview.changed}


def _badge(tier: Tier) -> dict[str, Any]:
    tone, icon = TONES[tier]
    return {"text": tier.label, "tone": tone, "icon": icon}


def _csv(dataset: Dataset, **query: str) -> str:
    return f"{reverse('rules-csv', args=[dataset.slug])}?{urlencode(query)}"


def _lines(touched: list[Touched]) -> Iterator[tuple[str, ...]]:
    for one in touched:
        what = "access" if one.grant else "application"
        tiers = (str(one.before), str(one.after))
        yield (what, one.reference, one.state, one.name, one.address, *tiers, one.decided_by)


def _told(words: str, done: Done) -> str:
    """Return what the steward reads afterwards."""
    told = words % {"suffix": done.rule.suffix}
    if not done.asked:
        return f"{told} {_('Evidence that was gathered stays as it is.')}"
    again = ngettext(
        "The evidence of %(n)d waiting case is gathered again.",
        "The evidence of %(n)d waiting cases is gathered again.",
        done.asked,
    )
    return f"{told} {again % {'n': done.asked}}"
