"""Access that was brought in: its holder confirms it, or says that they no longer use it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.flows import giving_up
from agreements.grants.imported import confirming
from agreements.revocation import writing
from agreements.revocation.models import Destruction
from agreements.web import access, access_opening
from agreements.web.opening_forms import ConfirmForm, DeclineForm
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what was entered and the terms in full; take the holder's word."""
    if not request.user.is_authenticated:
        # Most have never been here: the page that asks for an address says why.
        messages.info(request, _("To confirm your access, sign in with the address that we wrote to."))
        return redirect_to_login(request.get_full_path())
    grant = access_opening.to_confirm(request, reference)
    by = access.actor(request)
    is_declined = request.method == "POST" and "decline" in request.POST
    form = ConfirmForm(None if is_declined else posted(request))
    decline_form = DeclineForm(posted(request) if is_declined else None)
    if form.is_valid():
        with IntoForm(form):
            confirming.confirm(grant=grant, by=by)
            messages.success(request, _("Thank you. Your access is confirmed; its links are on their way to you."))
            return redirect("grant", reference=reference)
    if decline_form.is_valid():
        with IntoForm(decline_form):
            has_copies = decline_form.cleaned_data["copies"] == DeclineForm.COPIES
            messages.success(request, _ended(giving_up.decline(grant=grant, has_copies=has_copies, by=by)))
            return redirect("grant", reference=reference)
    refused = bool(form.errors or decline_form.errors)
    context = {
        "grant": grant,
        "form": form,
        "decline_form": decline_form,
        "why_not": confirming.why_not(grant),
        "subsets": access_opening.subsets_of(grant),
        "destroy_by": writing.destroy_by(grant.dataset),
        "is_open": bool(decline_form.errors),
    }
    return render(request, "grants/confirm.html", context, status=422 if refused else 200)


def _ended(owed: Destruction | None) -> str:
    if owed is None:
        return _("Thank you. The access has ended; nothing more will be mailed about it.")
    words = _(
        "Thank you. The access has ended. Destroy the copies that are left by %(date)s, and attest it on this page; "
        "we mail you how, and remind you."
    )
    return words % {"date": date_format(owed.due_on)}
