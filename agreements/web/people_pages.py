"""People on the steward's desk: who holds which role, and invitations."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.catalog import invitations, roles
from agreements.catalog.models import Dataset, Role
from agreements.catalog.permissions import Permission, may
from agreements.web import access
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.steward_forms import InvitationForm


@login_required
@never_cache
@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who looks after the dataset, and who is invited to; auditors read it."""
    return _people(request, access.staffed_dataset(request, slug))


@login_required
@never_cache
@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite somebody to a role."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_ROLES)
    form = InvitationForm(request.POST)
    if form.is_valid():
        with IntoForm(form):
            invitations.invite(dataset=dataset, by=access.actor(request), **form.cleaned_data)
            messages.success(request, _("The invitation is on its way."))
            return redirect("desk-people", slug=slug)
    return _people(request, dataset, invitation_form=form)


@login_required
@require_POST
def withdraw_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """End an invitation that nobody took up yet."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_ROLES)
    invitation = access.waiting_invitation(dataset, invitation_id)
    with IntoMessages(request):
        invitations.withdraw(invitation=invitation, by=access.actor(request))
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})
    return redirect("desk-people", slug=slug)


@login_required
@require_POST
def end_role(request: HttpRequest, slug: str, assignment_id: int) -> HttpResponse:
    """End somebody's role."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_ROLES)
    held = access.running_role(dataset, assignment_id)
    with IntoMessages(request):
        roles.end(user=held.user, dataset=dataset, role=Role(held.role), by=access.actor(request))
        messages.success(request, _("The role of %(name)s has ended.") % {"name": held.user.display_name})
    return redirect("desk-people", slug=slug)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take up a role that one was invited to, signed in with the invited address."""
    found = invitations.find(token)
    if found is None:
        raise Http404
    if request.method == "POST":
        with IntoMessages(request):
            invitations.accept(token=token, by=access.actor(request))
            messages.success(request, _("Welcome: your role is yours from now on."))
            return redirect("review-queue")
        return redirect("datasets")
    context = {"invitation": found, "is_theirs": invitations.is_for(found, access.person(request))}
    return render(request, "stewardship/invitation.html", context)


def _people(request: HttpRequest, dataset: Dataset, *, invitation_form: InvitationForm | None = None) -> HttpResponse:
    """Show the page; with a form that was refused, open and as it was filled in."""
    context = {
        "dataset": dataset,
        "may_change": may(Permission.CHANGE_ROLES, dataset=dataset, by=access.actor(request)),
        "people": roles.holders(dataset),
        "invitations": invitations.waiting(dataset),
        "invitation_form": invitation_form or InvitationForm(),
    }
    return render(request, "stewardship/people.html", context, status=422 if invitation_form else 200)
