"""My access: archives, links, the password, how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.catalog.models import Archive
from agreements.grants import addresses, links, passwords, queries
from agreements.grants.deliverable import deliverable
from agreements.grants.models import Grant, Link
from agreements.grants.permissions import Permission, held_by, may
from agreements.grants.running import is_running, why_not_running
from agreements.ledger.queries import entries_about
from agreements.people.models import User
from agreements.web import access
from agreements.web.fresh_gate import require_fresh
from agreements.web.refusals import IntoMessages
from agreements.web.timeline import timeline_of


@dataclass(frozen=True, slots=True)
class Offer:
    """An archive with the newest link to it, if one is running."""

    archive: Archive
    link: Link | None
    landing: str
    direct: str


@login_required
@require_safe
def grants(request: HttpRequest) -> HttpResponse:
    """List the person's access."""
    mine = held_by(access.person(request).pk).select_related("dataset", "terms")
    return render(request, "grants/list.html", {"grants": mine})


@login_required
@never_cache
@require_safe
def grant(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one access: what can be downloaded and how, what was agreed to, what happened."""
    found = access.own_grant(request, reference)
    person = access.person(request)
    opens = _opens(found, person)
    context = {
        "grant": found,
        "offers": _offers(found, person) if opens else [],
        "opens": opens,
        "downloads": queries.downloads_of(found),
        "downloads_shown": queries.SHOWN,
        **access.ending(found),
        "timeline": timeline_of(entries_about(found.reference), viewer=person),
    }
    return render(request, "grants/grant.html", context)


@require_fresh
@login_required
@never_cache
@sensitive_variables("password")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the person's own password, on their explicit wish and fresh proof; each showing is recorded."""
    found = access.own_grant(request, reference)
    context: dict[str, object] = {"grant": found, "why_not": why_not_running(found)}
    if request.method == "POST":
        with IntoMessages(request):
            shown = passwords.reveal(grant=found, by=access.actor(request))
            context |= {"password": shown, "groups": shown.split("-")}
    response = render(request, "grants/password.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_required
@require_POST
def fresh_link(request: HttpRequest, reference: str, archive_id: int) -> HttpResponse:
    """Make a fresh link and mail it; older links run to their end."""
    found = access.own_grant(request, reference)
    archive = access.own_archive(found, archive_id)
    person = access.person(request)
    with IntoMessages(request):
        links.make(grant=found, archive=archive, person=person, by=person.actor)
        messages.success(request, _("A fresh link is below and on its way to %(email)s.") % {"email": person.email})
    return redirect("grant", reference=reference)


@login_required
@require_POST
def end_link(request: HttpRequest, reference: str, link_id: int) -> HttpResponse:
    """End one of the person's own links at once."""
    found = access.own_grant(request, reference)
    link = access.own_link(request, found, link_id)
    with IntoMessages(request):
        links.end(link=link, by=access.actor(request))
        messages.success(request, _("The link has ended."))
    return redirect("grant", reference=reference)


def _opens(grant: Grant, person: User) -> bool:
    return is_running(grant) and may(Permission.REVEAL_PASSWORD, grant=grant, by=person.actor)


def _offers(grant: Grant, person: User) -> list[Offer]:
    running = list(links.running(grant=grant, person_pk=person.pk))
    offers = []
    for archive in deliverable(grant):
        link = next((item for item in running if item.archive_id == archive.pk), None)
        token = links.token(link) if link else ""
        offers.append(
            Offer(
                archive=archive,
                link=link,
                landing=addresses.landing(token) if link else "",
                direct=addresses.direct(token, archive.name) if link else "",
            )
        )
    return offers
