"""Members of an access: the holder's page, the invited colleague's page, and ending a part in it."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant, GrantMember
from agreements.grants.permissions import Permission
from agreements.grants.running import why_not_running
from agreements.web import access, member_rows
from agreements.web.member_forms import InviteForm, JoinForm, RemovalForm
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages

_HOLDERS: Final = {"again": "member-again", "withdraw": "member-withdraw", "remove": "member-remove"}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, reference: str) -> HttpResponse:
    """Show who uses the data under an access, and invite somebody."""
    grant = access.shared_grant(request, reference, needs=Permission.INVITE_MEMBER)
    form = InviteForm(posted(request))
    if form.is_valid():
        with IntoForm(form):
            member = membership.invite(grant=grant, by=access.actor(request), **form.cleaned_data)
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": member.email})
            return redirect("members", reference=reference)
    context = {
        "grant": grant,
        "why_not": why_not_running(grant),
        "rows": member_rows.rows(grant, address=lambda verb, pk: _address(reference, verb, pk)),
        "removal_form": RemovalForm(auto_id=False),
        "named": member_queries.named_and_not_invited(grant),
        "taken": member_queries.taken(grant),
        "form": form,
    }
    return render(request, "grants/members.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def invite_again(request: HttpRequest, reference: str, member_id: int) -> HttpResponse:
    """Mail an invitation again; its time begins anew."""
    grant = access.shared_grant(request, reference, needs=Permission.INVITE_MEMBER)
    member = access.member(grant, member_id)
    with IntoMessages(request):
        membership.resend(member=member, by=access.actor(request))
        messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": member.email})
    return redirect("members", reference=reference)


@login_required
@require_POST
def withdraw(request: HttpRequest, reference: str, member_id: int) -> HttpResponse:
    """End an invitation that nobody took up."""
    grant = access.shared_grant(request, reference, needs=Permission.REMOVE_MEMBER)
    _withdraw(request, access.member(grant, member_id))
    return redirect("members", reference=reference)


@login_required
@require_POST
def remove(request: HttpRequest, reference: str, member_id: int) -> HttpResponse:
    """End a member's part in the access; the page names the consequence."""
    grant = access.shared_grant(request, reference, needs=Permission.REMOVE_MEMBER)
    _remove(request, access.member(grant, member_id))
    return redirect("members", reference=reference)


@login_required
@require_POST
def leave(request: HttpRequest, reference: str) -> HttpResponse:
    """End one's own part in an access."""
    grant = access.shared_grant(request, reference, needs=Permission.LEAVE)
    with IntoMessages(request):
        membership.leave(grant=grant, by=access.actor(request))
        messages.success(
            request,
            _("You have left access %(reference)s. Delete every copy that you hold.") % {"reference": reference},
        )
        return redirect("grants")
    return redirect("grant", reference=reference)


@login_required
@require_POST
def withdraw_as_steward(request: HttpRequest, slug: str, reference: str, member_id: int) -> HttpResponse:
    """End an invitation, as the dataset's steward."""
    grant = _stewards(request, slug, reference)
    _withdraw(request, access.member(grant, member_id))
    return redirect("steward-grant", slug=slug, reference=reference)


@login_required
@require_POST
def remove_as_steward(request: HttpRequest, slug: str, reference: str, member_id: int) -> HttpResponse:
    """End a member's part, as the dataset's steward: the holder cannot invite them again."""
    grant = _stewards(request, slug, reference)
    _remove(request, access.member(grant, member_id))
    return redirect("steward-grant", slug=slug, reference=reference)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Say what joining means, with the terms in full; join by agreeing to them."""
    if not request.user.is_authenticated:
        # Whoever comes here by the mail has perhaps never been here: the page that asks for an address says why.
        messages.info(request, _("To read your invitation, sign in with the address that it was sent to."))
        return redirect_to_login(request.get_full_path())
    member = member_invitations.find(token)
    if member is None:
        raise Http404
    person = access.person(request)
    if member_invitations.was_taken_up_by(member, person):
        return redirect("grant", reference=member.grant.reference)
    form = JoinForm(posted(request))
    if form.is_valid():
        with IntoForm(form):
            membership.accept(token=token, by=person.actor)
            messages.success(request, _("You have joined. Your links are on their way to you, and below."))
            return redirect("grant", reference=member.grant.reference)
    context = {
        "member": member,
        "grant": member.grant,
        "is_theirs": member_invitations.is_for(member, person),
        "why_not": member_invitations.why_shut(member),
        "until": member_invitations.runs_out(member),
        "form": form,
    }
    response = render(request, "grants/join.html", context, status=422 if form.errors else 200)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _address(reference: str, verb: str, member_pk: int) -> str:
    return reverse(_HOLDERS[verb], args=[reference, member_pk]) if verb in _HOLDERS else ""


def _withdraw(request: HttpRequest, member: GrantMember) -> None:
    with IntoMessages(request):
        membership.withdraw(member=member, by=access.actor(request))
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": member.email})


def _remove(request: HttpRequest, member: GrantMember) -> None:
    with IntoMessages(request):
        membership.remove(member=member, reason=request.POST.get("reason", ""), by=access.actor(request))
        messages.success(
            request, _("%(name)s is no longer a member; notice is on its way.") % {"name": member.display_name}
        )


def _stewards(request: HttpRequest, slug: str, reference: str) -> Grant:
    return access.managed_grant(request, slug, reference, needs=Permission.REMOVE_MEMBER)
