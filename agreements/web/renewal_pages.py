"""Renewing an access, and proving its address again: both ask for a code mailed to that address."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agreements.flows import applying_again
from agreements.grants.ends import due, proving, renewing
from agreements.grants.ends.terms import newer_terms, to_agree
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant
from agreements.grants.permissions import Permission
from agreements.people.emailed_codes import Purpose
from agreements.web import access, address_codes
from agreements.web.code_page import answer
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.renewal_forms import RenewalForm

_KEPT: Final = "renewal"
_PLAIN: Final = ("subsets", "members")


@login_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask what is still used, by whom and for what, and prolong the access; or say why that is not possible."""
    grant = access.shared_grant(request, reference, needs=Permission.RENEW)
    if request.method == "POST" and request.POST.get("action") == "apply-again":
        return _apply_again(request, grant)
    context: dict[str, Any] = {"grant": grant, "address": due.address_of(grant)}
    if (why_not := renewing.why_not_renewable(grant)) is not None:
        applies_anew = due.is_renewal_time(grant) and to_agree(grant) is None
        context |= {"why_not": why_not, "newer": newer_terms(grant) if applies_anew else None}
        return render(request, "grants/renew.html", context, status=422 if request.method == "POST" else 200)
    if not address_codes.is_proven(request, context["address"], purpose=Purpose.ADDRESS):
        _keep(request)
        proof = address_codes.step(request, context["address"], purpose=Purpose.ADDRESS)
        if proof.moved:
            return redirect("grant-renew", reference=reference)
        return answer(request, "grants/renew.html", context | {"proof": proof}, refusal=proof.refusal)
    form = _form(request, grant)
    if form.is_valid():
        with IntoForm(form):
            renewing.renew(
                grant=grant,
                seen_end=form.cleaned_data["seen_end"],
                drop_subsets=form.dropped("subsets"),
                drop_members=[int(pk) for pk in form.dropped("members")],
                use=form.cleaned_data["use"],
                by=access.actor(request),
            )
            request.session.pop(_KEPT, None)
            messages.success(request, _("Your access is renewed. A confirmation is on its way to you."))
            return redirect("grant", reference=reference)
    context |= {"form": form, "new_end": renewing.new_end(grant)}
    return render(request, "grants/renew.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the proof that the address of an access is still its holder's."""
    grant = access.shared_grant(request, reference, needs=Permission.PROVE_ADDRESS)
    context: dict[str, Any] = {
        "grant": grant,
        "address": due.address_of(grant),
        "due": due.proof_due(grant),
        "waits": due.waits_for_proof(grant),
        "is_ended": not due.takes_proof(grant),
    }
    if context["is_ended"]:
        return render(request, "grants/address.html", context, status=422 if request.method == "POST" else 200)
    is_proven = address_codes.is_proven(request, context["address"], purpose=Purpose.ADDRESS)
    if is_proven and request.method == "POST":
        return _prove(request, grant)
    if not is_proven:
        proof = address_codes.step(request, context["address"], purpose=Purpose.ADDRESS)
        if proof.moved:
            # The code was asked for and typed on this page: nothing more is needed.
            typed = address_codes.is_proven(request, context["address"], purpose=Purpose.ADDRESS)
            return _prove(request, grant) if typed else redirect("grant-address", reference=reference)
        return answer(request, "grants/address.html", context | {"proof": proof}, refusal=proof.refusal)
    return render(request, "grants/address.html", context)


def _prove(request: HttpRequest, grant: Grant) -> HttpResponse:
    with IntoMessages(request):
        proven = proving.prove(grant=grant, by=access.actor(request))
        if due.suspensions(proven).exists():
            messages.success(request, _("Your address is proven. The access is still suspended, for another reason."))
        else:
            messages.success(request, _("Your address is proven."))
    return redirect("grant", reference=grant.reference)


def _apply_again(request: HttpRequest, grant: Grant) -> HttpResponse:
    with IntoMessages(request):
        application = applying_again.apply_again(grant=grant, by=access.actor(request))
        return redirect("application", reference=application.reference)
    return redirect("grant-renew", reference=grant.reference)


def _form(request: HttpRequest, grant: Grant) -> RenewalForm:
    kept = request.session.get(_KEPT)
    mine = kept.get("fields", {}) if isinstance(kept, dict) and kept.get("grant") == grant.reference else {}
    members = list(member_queries.joined(grant))
    return RenewalForm(posted(request) if _is_form(request) else None, grant=grant, members=members, kept=mine)


def _is_form(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("action") not in {address_codes.SEND, address_codes.CHECK}


def _keep(request: HttpRequest) -> None:
    """Keep what was filled in, for when the proof of the address ran out meanwhile and has to be given again."""
    if "use" in request.POST and request.resolver_match is not None:
        fields: dict[str, Any] = {name: request.POST.getlist(name) for name in _PLAIN} | {"use": request.POST["use"]}
        request.session[_KEPT] = {"grant": request.resolver_match.kwargs["reference"], "fields": fields}
