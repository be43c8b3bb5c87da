"""Moving to another institution: what it means, the new address proven, then one act."""

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

from agreements.flows import applying_again, moving
from agreements.grants.ends import due
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant
from agreements.grants.permissions import Permission
from agreements.people.emailed_codes import Purpose
from agreements.revocation import by_holder
from agreements.revocation.models import ProcedureAct
from agreements.web import access, address_codes
from agreements.web.code_page import answer
from agreements.web.posted import posted
from agreements.web.refusals import IntoMessages
from agreements.web.renewal_forms import MovingForm

_ASKED: Final = "moving"
CONFIRM: Final = "confirm"
BACK: Final = "back"


@login_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for the new address and have it proven; then end the access and begin the application for the new place."""
    grant = access.shared_grant(request, reference, needs=Permission.CLOSE)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    context = _context(grant)
    if context["is_over"] or context["running"]:
        return render(request, "grants/moving.html", context, status=422 if request.method == "POST" else 200)
    if action == BACK:
        request.session.pop(_ASKED, None)
        return redirect("grant-moving", reference=reference)
    asked = _asked(request, grant)
    if asked is None:
        return _ask(request, grant, context)
    if not address_codes.is_proven(request, asked["email"], purpose=Purpose.MOVING):
        return _prove(request, grant, asked, context)
    if action == CONFIRM:
        return _move(request, grant, asked)
    return render(request, "grants/moving.html", context | asked | {"is_proven": True})


def _ask(request: HttpRequest, grant: Grant, context: dict[str, Any]) -> HttpResponse:
    form = MovingForm(posted(request), grant=grant)
    if form.is_valid():
        request.session[_ASKED] = {"grant": grant.reference, **form.cleaned_data}
        return redirect("grant-moving", reference=grant.reference)
    return render(request, "grants/moving.html", context | {"form": form}, status=422 if form.errors else 200)


def _prove(request: HttpRequest, grant: Grant, asked: dict[str, str], context: dict[str, Any]) -> HttpResponse:
    proof = address_codes.step(request, asked["email"], purpose=Purpose.MOVING)
    if proof.moved:
        return redirect("grant-moving", reference=grant.reference)
    return answer(request, "grants/moving.html", context | asked | {"proof": proof}, refusal=proof.refusal)


def _move(request: HttpRequest, grant: Grant, asked: dict[str, str]) -> HttpResponse:
    with IntoMessages(request):
        moved = moving.move(grant=grant, email=asked["email"], reason=asked["reason"], by=access.actor(request))
        request.session.pop(_ASKED, None)
        address_codes.forget(request)
        messages.success(request, _("Access %(reference)s has ended.") % {"reference": grant.reference})
        if moved.draft is not None:
            return redirect("application", reference=moved.draft.reference)
    return redirect("grant", reference=grant.reference)


def _asked(request: HttpRequest, grant: Grant) -> dict[str, str] | None:
    kept = request.session.get(_ASKED)
    if not isinstance(kept, dict) or kept.get("grant") != grant.reference:
        return None
    return {"email": str(kept["email"]), "reason": str(kept["reason"])}


def _context(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant,
        "is_over": due.ended_for_good(grant),
        "running": applying_again.running_application(grant),
        "members": list(member_queries.joined(grant)),
        "clause": grant.terms.clause(by_holder.clause_of(grant.terms, ProcedureAct.MOVE)),
        "destroy_days": grant.dataset.destroy_days,
    }
