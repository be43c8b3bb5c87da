"""Giving up an access: what it means, fresh proof of the mailbox, then one press."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.flows import giving_up
from agreements.grants.imported.importing import is_waiting
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant
from agreements.grants.permissions import Permission
from agreements.revocation import by_holder, writing
from agreements.revocation.models import ProcedureAct
from agreements.web import access, proofs
from agreements.web.code_page import away
from agreements.web.refusals import IntoMessages


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def give_up(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what happens; end the access when its holder, whose mailbox was proven just now, says so."""
    grant = access.shared_grant(request, reference, needs=Permission.CLOSE)
    if is_waiting(grant):
        return redirect("grant-confirm", reference=reference)
    if not giving_up.may_give_up(grant):
        status = 422 if request.method == "POST" else 200
        return render(request, "grants/giving_up.html", {"grant": grant, "is_over": True}, status=status)
    if request.method != "POST":
        return render(request, "grants/giving_up.html", _context(request, grant))
    if not proofs.is_fresh(request):
        return away(request, reverse("fresh-code"), back_after_post=request.path)
    with IntoMessages(request):
        procedure = giving_up.give_up(grant=grant, by=access.actor(request))
        words = _("Access %(reference)s has ended. Destroy every copy by %(date)s, and attest it on this page.")
        date = date_format(procedure.destroy_by) if procedure.destroy_by else ""
        messages.success(request, words % {"reference": reference, "date": date})
    return redirect("grant", reference=reference)


def _context(request: HttpRequest, grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant,
        "members": list(member_queries.joined(grant)),
        "clause": grant.terms.clause(by_holder.clause_of(grant.terms, ProcedureAct.CLOSE)),
        "destroy_days": grant.dataset.destroy_days,
        "destroy_by": writing.destroy_by(grant.dataset),
        "is_fresh": proofs.is_fresh(request),
    }
