"""Help with the name of an organization: completing it, and a word where the address is another organization's."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agreements.core.countries import country_name
from agreements.identity import mismatch
from agreements.identity.completion import Suggestion, complete
from agreements.web import access, typing_limit


@login_required
@require_safe
def organizations(request: HttpRequest) -> HttpResponse:
    """Give organizations of the registry whose name begins with the words typed, as JSON, at most eight."""
    if typing_limit.is_too_often(access.actor(request).id):
        return JsonResponse({"organizations": []}, status=429, headers={"Retry-After": str(typing_limit.WINDOW)})
    found = complete(request.GET.get("words", ""))
    return JsonResponse({"organizations": [_as_json(each) for each in found]})


@login_required
@require_safe
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the part of the details page that says whether the address is another organization's."""
    found = access.own_application(request, reference)
    if typing_limit.is_too_often(access.actor(request).id):
        return HttpResponse(status=204)  # the page stays as it is
    different = mismatch.find(request.GET.get("organization", ""), address=found.email)
    return render(request, "applications/organization_note.html", {"mismatch": different})


def _as_json(each: Suggestion) -> dict[str, str]:
    place = ", ".join(dict.fromkeys(filter(None, (each.city, country_name(each.country)))))
    return {
        "name": each.name,
        "place": place,
        "city": each.city,
        "country": each.country,
        "domain": each.domains[0] if each.domains else "",
    }
