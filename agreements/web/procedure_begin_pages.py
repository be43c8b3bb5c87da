"""Ending or suspending access: choosing whose, seeing exactly whom it reaches, and doing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission
from agreements.core.errors import Invalid
from agreements.revocation import beginning, hits
from agreements.revocation.beginning import BarWish
from agreements.revocation.hits import Hits
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, normal
from agreements.web import access, access_procedures
from agreements.web import procedure_begin_preview as preview
from agreements.web.csv_answer import as_csv
from agreements.web.procedure_begin_forms import ACTS, ChooseForm, GroundsForm
from agreements.web.refusals import IntoForm


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask whose access is to end, show whom that reaches, and end or suspend it; the address says what and whose."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    if "scope" not in request.GET:
        return _choose(request, dataset)
    try:
        act = _act(request.GET.get("act", ""))
        scope = _scope(dataset, request.GET.get("scope", ""), request.GET.get("value", ""))
    except Invalid as refusal:
        return _choose(request, dataset, refused=str(refusal))
    found = hits.hit_by(scope, act=act)
    if request.method == "POST":
        return _do(request, scope, act, found)
    return _show(request, scope, act, found, _form(scope, act, found, initial={"expected": found.count}))


@login_required
@never_cache
@require_safe
def reached_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give everybody whom it would reach as CSV; an address that names nobody leads to the choice."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    try:
        act = _act(request.GET.get("act", ""))
        scope = _scope(dataset, request.GET.get("scope", ""), request.GET.get("value", ""))
    except Invalid:
        return redirect("procedure-begin", slug=slug)
    found = hits.hit_by(scope, act=act)
    return as_csv(f"{dataset.slug}-{act.value}", preview.COLUMNS, preview.csv_lines(found))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def revoke_grant(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Lead on to the page that ends one access: its address before there were others to end."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    grant = access.managed_grant(request, slug, reference)
    scope = Scope(dataset, ScopeKind.GRANT, grant.reference)
    return redirect(preview.address(scope, ProcedureAct.REVOKE))


def _choose(request: HttpRequest, dataset: Dataset, *, refused: str = "") -> HttpResponse:
    """Show the first step; what was chosen there leads on to the preview."""
    asked = any(name in request.GET for name in ("act", "target", "named")) and not refused
    initial = {"act": ProcedureAct.REVOKE.value}
    form = ChooseForm(request.GET if asked else None, dataset=dataset, initial=initial)
    if asked and form.is_valid():
        with IntoForm(form):
            scope = _chosen(dataset, form.cleaned_data)
            return redirect(preview.address(scope, _act(form.cleaned_data["act"])))
    context = {"dataset": dataset, "form": form, "refused": refused}
    status = 422 if refused or form.errors else 200
    return render(request, "stewardship/procedure_choose.html", context, status=status)


def _chosen(dataset: Dataset, given: dict[str, Any]) -> Scope:
    """Return whom the form names. Raises Invalid for nobody known here."""
    if given["target"]:
        kind, _colon, value = given["target"].partition(":")
        return _scope(dataset, kind, value)
    named = given["named"].strip()
    if "@" not in named:
        return _scope(dataset, ScopeKind.GRANT, named, field="named")
    person = access_procedures.known_person(dataset, named)
    if person is None:
        raise Invalid(_("Nobody who has, or had, access to this dataset has this address."), field="named")
    return _scope(dataset, ScopeKind.PERSON, str(person.public_id), field="named")


def _scope(dataset: Dataset, kind: str, value: str, *, field: str = "target") -> Scope:
    """Return the scope, checked. Raises Invalid, in the same words for what only another dataset has."""
    value = value.replace("\0", "")
    if kind not in ScopeKind.values:
        raise Invalid(_("Choose whose access is to end."), field=field)
    try:
        return normal(Scope(dataset, ScopeKind(kind), value))
    except Invalid as refusal:
        raise Invalid(str(refusal), field=field) from None


def _act(name: str) -> ProcedureAct:
    if name not in dict(ACTS):
        raise Invalid(_("Choose whether to end or to suspend it."), field="act")
    return ProcedureAct(name)


def _form(scope: Scope, act: ProcedureAct, found: Hits, **bound: Any) -> GroundsForm:
    return GroundsForm(
        count=found.count,
        clauses=hits.clauses_for(found),
        bars=preview.bar_choices(scope, act, found),
        may_withdraw=act == ProcedureAct.REVOKE and scope.kind == ScopeKind.DATASET and not scope.dataset.withdrawn_at,
        **bound,
    )


def _do(request: HttpRequest, scope: Scope, act: ProcedureAct, found: Hits) -> HttpResponse:
    form = _form(scope, act, found, data=request.POST)
    if form.is_valid():
        with IntoForm(form):
            begun = beginning.begin(
                scope=scope,
                act=act,
                clause_id=form.cleaned_data["clause_id"],
                reason=form.cleaned_data["reason"],
                by=access.actor(request),
                expected=form.cleaned_data["expected"],
                bar=_wish(form),
                withdraw_dataset=form.cleaned_data.get("withdraw_dataset", False),
            )
            messages.success(request, _done(begun, found.count))
            return redirect("procedure", slug=scope.dataset.slug, reference=begun.reference)
        found = hits.hit_by(scope, act=act)
    return _show_again(request, scope, act, found, form)


def _show_again(
    request: HttpRequest, scope: Scope, act: ProcedureAct, found: Hits, refused: GroundsForm
) -> HttpResponse:
    """Show what is hit now, with everything typed kept and what was wrong; the next try expects the number of now."""
    form = _form(scope, act, found, data=_with(request.POST, expected=str(found.count)))
    for name, errors in refused.errors.items():
        if name not in form.errors:
            form.add_error(name if name in form.fields else None, list(errors))
    return _show(request, scope, act, found, form)


def _show(request: HttpRequest, scope: Scope, act: ProcedureAct, found: Hits, form: GroundsForm) -> HttpResponse:
    context = preview.context(scope, act, found) | {"form": form}
    return render(request, "stewardship/procedure_begin.html", context, status=422 if form.errors else 200)


def _with(posted: QueryDict, **values: str) -> QueryDict:
    changed = posted.copy()
    for name, value in values.items():
        changed[name] = value
    return changed


def _wish(form: GroundsForm) -> BarWish | None:
    chosen = form.cleaned_data.get("bar", "")
    if not chosen:
        return None
    domain = chosen.removeprefix(preview.DOMAIN) if chosen.startswith(preview.DOMAIN) else ""
    return BarWish(person=not domain, domain=domain, until=form.cleaned_data.get("until"))


def _done(begun: Procedure, count: int) -> str:
    if begun.act == ProcedureAct.SUSPEND:
        words = ngettext(
            "%(n)d access is suspended; notice is on its way.",
            "%(n)d accesses are suspended; notice is on its way.",
            count,
        )
    else:
        words = ngettext(
            "%(n)d access is revoked; notice is on its way.",
            "%(n)d accesses are revoked; notice is on its way.",
            count,
        )
    return words % {"n": count}
