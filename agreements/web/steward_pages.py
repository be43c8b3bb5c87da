"""The steward's desk: grants and their revocation, people, address rules."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.catalog import invitations, roles, shelf
from agreements.catalog.models import Dataset, Role
from agreements.catalog.permissions import Permission, may
from agreements.flows import address_rules
from agreements.grants import permissions as grant_rules
from agreements.grants import queries
from agreements.grants.downloads import refusals
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant
from agreements.grants.shared import desk as shared_desk
from agreements.identity import rules
from agreements.identity.models import Verdict
from agreements.ledger.queries import entries_about
from agreements.mail import outbox
from agreements.revocation.revoking import revoke
from agreements.web import access, member_rows
from agreements.web.member_forms import RemovalForm
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.steward_forms import GrantSearchForm, InvitationForm, RevocationForm, RuleForm
from agreements.web.timeline import timeline_of

PER_PAGE = 25


@login_required
@never_cache
@require_safe
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Show everything that a steward looks after; auditors read it."""
    return _desk(request, access.staffed_dataset(request, slug))


@login_required
@never_cache
@require_safe
def grant(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show one grant of the dataset, with its history."""
    found = access.managed_grant(request, slug, reference)
    context = {
        "dataset": found.dataset,
        "grant": found,
        "may_revoke": grant_rules.may(grant_rules.Permission.REVOKE, grant=found, by=access.actor(request)),
        "members": member_rows.rows(found, address=_about_members(request, found)),
        "removal_form": RemovalForm(auto_id=False),
        "downloads": queries.downloads_of(found),
        "downloads_shown": queries.SHOWN,
        "refused": refusals.of_grant(found),
        **access.ending(found),
        "holds": shared_desk.held_by(found),
        "timeline": timeline_of(entries_about(found.reference), viewer=access.person(request), internal=True),
    }
    return render(request, "stewardship/grant.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def revoke_grant(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """End a grant, citing a clause and a reason; the page names what will happen."""
    access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    found = access.managed_grant(request, slug, reference)
    form = RevocationForm(posted(request), terms=found.terms)
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            revoke(
                grant=found,
                clause_id=form.cleaned_data["clause_id"],
                reason=form.cleaned_data["reason"],
                by=access.actor(request),
            )
            messages.success(request, _("%(reference)s is revoked; notice is on its way.") % {"reference": reference})
            return redirect("steward-grant", slug=slug, reference=reference)
    context = {
        "dataset": found.dataset,
        "grant": found,
        "form": form,
        "members": member_queries.joined(found),
        "holds": shared_desk.held_by(found),
    }
    return render(request, "stewardship/revoke.html", context, status=422 if form.errors else 200)


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
            return redirect("stewardship", slug=slug)
    return _desk(request, dataset, invitation_form=form)


@login_required
@require_POST
def withdraw_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """End an invitation that nobody took up yet."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_ROLES)
    invitation = access.waiting_invitation(dataset, invitation_id)
    with IntoMessages(request):
        invitations.withdraw(invitation=invitation, by=access.actor(request))
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})
    return redirect("stewardship", slug=slug)


@login_required
@require_POST
def end_role(request: HttpRequest, slug: str, assignment_id: int) -> HttpResponse:
    """End somebody's role."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_ROLES)
    held = access.running_role(dataset, assignment_id)
    with IntoMessages(request):
        roles.end(user=held.user, dataset=dataset, role=Role(held.role), by=access.actor(request))
        messages.success(request, _("The role of %(name)s has ended.") % {"name": held.user.display_name})
    return redirect("stewardship", slug=slug)


@login_required
@never_cache
@require_POST
def add_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a rule about addresses."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_RULES)
    form = RuleForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        with IntoForm(form):
            address_rules.add_rule(
                dataset=dataset,
                suffix=given["suffix"],
                verdict=Verdict(given["verdict"]),
                reason=given["reason"],
                by=access.actor(request),
            )
            messages.success(request, _("The rule holds from now on; evidence already gathered stays as it is."))
            return redirect("stewardship", slug=slug)
    return _desk(request, dataset, rule_form=form)


@login_required
@require_POST
def end_rule(request: HttpRequest, slug: str, rule_id: int) -> HttpResponse:
    """End a rule about addresses."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.CHANGE_RULES)
    rule = access.rule(dataset, rule_id)
    with IntoMessages(request):
        address_rules.end_rule(rule=rule, by=access.actor(request))
        messages.success(request, _("The rule has ended."))
    return redirect("stewardship", slug=slug)


@login_required
@require_POST
def resend_mail(request: HttpRequest, slug: str, message_id: int) -> HttpResponse:
    """Send a mail again that was given up."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.SEND_AGAIN)
    message = access.failed_mail(dataset, message_id)
    with IntoMessages(request):
        outbox.resend(message=message, by=access.actor(request))
        messages.success(request, _("The mail is on its way again to %(address)s.") % {"address": message.recipient})
    return redirect("stewardship", slug=slug)


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


def _about_members(request: HttpRequest, grant: Grant) -> member_rows.Address:
    """Offer what the signed-in person may do about the members of a grant."""
    names = {
        "withdraw": "steward-member-withdraw",
        "remove": "steward-member-remove",
        "refuse": "steward-member-remove",
    }
    may_end = grant_rules.may(grant_rules.Permission.REMOVE_MEMBER, grant=grant, by=access.actor(request))

    def address(verb: str, member_pk: int) -> str:
        offered = names.get(verb) if may_end else None
        return reverse(offered, args=[grant.dataset.slug, grant.reference, member_pk]) if offered else ""

    return address


def _desk(
    request: HttpRequest,
    dataset: Dataset,
    *,
    invitation_form: InvitationForm | None = None,
    rule_form: RuleForm | None = None,
) -> HttpResponse:
    """Show the desk; with a form that was refused, open and as it was filled in."""
    refused = invitation_form or rule_form
    search = GrantSearchForm(request.GET)
    words = search.cleaned_data["words"] if search.is_valid() else ""
    context = {
        "dataset": dataset,
        "may_change": may(Permission.CHANGE_RULES, dataset=dataset, by=access.actor(request)),
        "search": search,
        "words": words,
        "page": Paginator(access.managed_grants(request, dataset.slug, words=words), PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "query": urlencode({"words": words}) if words else "",
        "archives": shelf.offered(dataset),
        "may_trace": may(Permission.TRACE, dataset=dataset, by=access.actor(request)),
        "may_publish": may(Permission.PUBLISH, dataset=dataset, by=access.actor(request)),
        "shared": shared_desk.shelves(shared_desk.shared_archives(dataset)),
        "people": roles.holders(dataset),
        "rules": rules.rows(dataset),
        "invitations": invitations.waiting(dataset),
        "failed_mails": [(mail, outbox.can_resend(mail)) for mail in access.failed_mails(dataset)],
        "invitation_form": invitation_form or InvitationForm(),
        "rule_form": rule_form or RuleForm(),
    }
    return render(request, "stewardship/desk.html", context, status=422 if refused else 200)
