"""The steward's desk: how things stand, and who has access."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.catalog.permissions import Permission, may
from agreements.flows import mail_again
from agreements.flows.mailbox import looking
from agreements.grants import permissions as grant_rules
from agreements.grants import queries
from agreements.grants.downloads import refusals
from agreements.grants.models import Grant, GrantState
from agreements.grants.shared import desk as shared_desk
from agreements.grants.terms_change import consenting
from agreements.ledger.queries import entries_about
from agreements.mail import queries as mail_queries
from agreements.revocation import listing as procedure_listing
from agreements.revocation.queries import Counts, counts_in
from agreements.web import access, agreement_papers, mail_waiting, member_rows
from agreements.web.member_forms import RemovalForm
from agreements.web.steward_forms import GrantSearchForm
from agreements.web.timeline import timeline_of

PER_PAGE = 25


@login_required
@never_cache
@require_safe
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how things stand and who has access; auditors read it."""
    dataset, by = access.staffed_dataset(request, slug), access.actor(request)
    search = GrantSearchForm(request.GET)
    words = search.cleaned_data["words"] if search.is_valid() else ""
    grants = access.managed_grants(request, slug, words=words)
    owed = counts_in(dataset)
    context = {
        "dataset": dataset,
        "search": search,
        "words": words,
        "page": Paginator(grants, PER_PAGE).get_page(request.GET.get("page")),
        "query": urlencode({"words": words}) if words else "",
        "numbers": _numbers(queries.by_state(dataset), owed),
        "overdue": owed.overdue,
        "may_end": may(Permission.END_ACCESS, dataset=dataset, by=by),
        "may_trace": may(Permission.TRACE, dataset=dataset, by=by),
        "shared": shared_desk.shelves(shared_desk.shared_archives(dataset)),
        "failed": mail_queries.in_standing(mail_again.of_dataset(dataset, by=by), mail_queries.LOST).count(),
        "unread_mail": looking.unseen(looking.of_dataset(dataset, by=by)).count(),
        "unread_rest": mail_waiting.of_no_dataset(by),
    }
    return render(request, "stewardship/desk.html", context)


@login_required
@never_cache
@require_safe
def grant(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show one grant of the dataset, with its history."""
    found = access.managed_grant(request, slug, reference)
    context = {
        "dataset": found.dataset,
        "grant": found,
        "may_end": grant_rules.may(grant_rules.Permission.REVOKE, grant=found, by=access.actor(request)),
        "members": member_rows.rows(found, address=_about_members(request, found)),
        "removal_form": RemovalForm(auto_id=False),
        "downloads": queries.downloads_of(found),
        "downloads_shown": queries.SHOWN,
        "refused": refusals.of_grant(found),
        **access.revocation_of(found),
        "suspensions": queries.suspensions_of(found),
        "reached": procedure_listing.that_reached(found.pk),
        "taken": queries.taken_from(found),
        "renewals": queries.renewals_of(found),
        "agreed": consenting.agreed_of(found),
        "asked": consenting.asked_of(found),
        "papers": agreement_papers.managed(found),
        "holds": shared_desk.held_by(found),
        "timeline": timeline_of(entries_about(found.reference), viewer=access.person(request), internal=True),
    }
    return render(request, "stewardship/grant.html", context)


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


def _numbers(states: dict[str, int], owed: Counts) -> list[tuple[str, int]]:
    """Return what stands at the top of the desk: how many accesses are open, and what ended ones still owe."""
    return [
        (_("Open access"), states[GrantState.ACTIVE]),
        (_("Suspended"), states[GrantState.SUSPENDED]),
        (_("Copies to be destroyed"), owed.due),
        (_("Overdue"), owed.overdue),
    ]
