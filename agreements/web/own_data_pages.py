"""What is held about the signed-in person: in words, and to take along."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.core.clock import today
from agreements.flows import own_data
from agreements.web import access, fresh_gate


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def held(request: HttpRequest) -> HttpResponseBase:
    """Show what is held; a post gives all of it as a zip, on fresh proof, and leads back here until there is some."""
    return _download(request) if request.method == "POST" else _show(request)


@fresh_gate.require_fresh
def _download(request: HttpRequest) -> HttpResponseBase:
    response = StreamingHttpResponse(own_data.hand_out(access.person(request)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="countersign-{today().isoformat()}.zip"'
    return response


def _show(request: HttpRequest) -> HttpResponse:
    person = access.person(request)
    context = {"held": own_data.in_words(person), "contacts": own_data.contacts(person)}
    return render(request, "people/own_data.html", context)
