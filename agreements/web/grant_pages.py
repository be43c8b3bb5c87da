"""My access: archives, links, the password, how long it lasts."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.grants import revealing
from agreements.grants.ends.due import is_proof_time, wants_renewal
from agreements.grants.links import making as links
from agreements.grants.links import scripts
from agreements.grants.links.scripts import File
from agreements.grants.permissions import held_by
from agreements.grants.running import is_running, why_not_running
from agreements.mail import dead_addresses
from agreements.revocation.queries import owed_to_attest
from agreements.web import access, access_terms, grant_context
from agreements.web.fresh_gate import require_fresh
from agreements.web.refusals import IntoMessages


@login_required
@require_safe
def grants(request: HttpRequest) -> HttpResponse:
    """List the person's access."""
    person = access.person(request)
    mine = list(held_by(person.pk).select_related("dataset", "terms"))
    asked = access_terms.asked(mine)
    rows = [(grant, wants_renewal(grant), is_proof_time(grant), asked.get(grant.pk)) for grant in mine]
    context = {"owed": owed_to_attest(person.pk), "rows": rows, "dead": dead_addresses.is_dead(person.email)}
    return render(request, "grants/list.html", context)


@login_required
@never_cache
@require_safe
def grant(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one access: what can be downloaded and how, what was agreed to, what happened."""
    found = access.own_grant(request, reference)
    response = render(request, "grants/grant.html", grant_context.context(found, viewer=access.person(request)))
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_fresh
@login_required
@never_cache
@sensitive_variables("revealed", "context")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the passwords, on the person's explicit wish and fresh proof; each showing is recorded."""
    found = access.own_grant(request, reference)
    context: dict[str, object] = {"grant": found, "why_not": why_not_running(found)}
    if request.method == "POST":
        with IntoMessages(request):
            revealed = revealing.reveal_all(grant=found, by=access.actor(request))
            context |= {"revealed": revealed}
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
def missing_links(request: HttpRequest, reference: str) -> HttpResponse:
    """Make a link to each archive that has none running, and mail them in one mail."""
    found = access.own_grant(request, reference)
    person = access.person(request)
    with IntoMessages(request):
        if links.make_missing(grant=found, person=person, by=person.actor):
            messages.success(request, _("The links are below and on their way to %(email)s.") % {"email": person.email})
        else:
            messages.info(request, _("Every archive has a running link already."))
    return redirect("grant", reference=reference)


@login_required
@require_safe
def links_txt(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the addresses for `wget -c -i`."""
    return _file(request, reference, scripts.links_txt)


@login_required
@require_safe
def aria2_txt(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the input file for `aria2c -i`."""
    return _file(request, reference, scripts.aria2_txt)


@login_required
@require_safe
def checksums(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the SHA-256 sums of the files inside all archives, as `sha256sum --check` reads them."""
    return _file(request, reference, scripts.sha256sums)


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


def _file(request: HttpRequest, reference: str, make: Callable[[list[File]], str]) -> HttpResponse:
    """Answer with a file for scripts, made for the person's own running links."""
    found = access.own_grant(request, reference)
    if not is_running(found):
        raise Http404
    text = make(scripts.files(found, person_pk=access.person(request).pk))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.path.rpartition("/")[2]}"'
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
