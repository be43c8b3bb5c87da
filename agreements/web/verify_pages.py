"""Whether a file is a paper of this portal: asked by anybody who holds it. Neither file nor answer is kept."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from agreements.core.clock import now
from agreements.core.errors import TooMany
from agreements.flows import verifying
from agreements.web import limits
from agreements.web.bad_tokens import network_of

AT_ONCE: Final = 2
"""Files that one process has looked into at a time; what is ours byte for byte needs no such look."""
OURS_AT_ONCE: Final = 1
"""The same, of files that begin as a paper of ours, which wait for no others."""
SITE_BITS: Final = 48
RETRY_AFTER: Final = 20
WINDOW: Final = 60
"""Seconds."""

_looks = threading.BoundedSemaphore(AT_ONCE)
_looks_at_ours = threading.BoundedSemaphore(OURS_AT_ONCE)


class VerifyForm(forms.Form):
    """The file; empty ones are answered like others."""

    file = forms.FileField(
        label=gettext_lazy("The file (PDF)"),
        allow_empty_file=True,
        max_length=None,
        error_messages={"required": gettext_lazy("Choose the file that you hold.")},
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )


@csrf_exempt  # nobody is signed in by it and nothing changes; so a flood is refused before its files are read
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Show the form; for a file, what is said of it."""
    if request.method != "POST":
        return _page(request, VerifyForm())
    address = limits.client_address(request)
    try:
        limits.consume(request, "verify", key=network_of(address))
        limits.consume(request, "verify_site", key=network_of(address, bits=SITE_BITS))
    except TooMany:
        return _too_many_of_yours(request)
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    return _answer(request, form.cleaned_data["file"])


def _answer(request: HttpRequest, file: UploadedFile[Any]) -> HttpResponse:
    verdict = verifying.known(_digest(file))
    if verdict is None:
        file.seek(0)
        # One byte more than the limit is enough to know that it is too large.
        data = file.read(settings.SIGNED_COPY_LIMIT + 1)
        verdict = verifying.no_pdf(data)
        if verdict is None:
            return _looked_into(request, data)
    return _page(request, VerifyForm(), verdict=verdict)


def _looked_into(request: HttpRequest, data: bytes) -> HttpResponse:
    """Show what a look inside says. Of what begins as a paper of ours, nobody else's files use up the looks."""
    began = verifying.beginning(data)
    places = _looks if began is None else _looks_at_ours
    if not places.acquire(blocking=False):
        words = _("Other files are being looked into at this moment. Send yours again in half a minute.")
        return _later(request, words, status=503, seconds=RETRY_AFTER)
    try:
        if began is None:
            limits.consume(request, "verify_look_site", key=network_of(limits.client_address(request), bits=SITE_BITS))
        if not _may_be_looked_into(request, began):
            words = _("Many files are being looked into for others. Wait a minute, then send yours again.")
            return _later(request, words, status=503, seconds=WINDOW)
        verdict = verifying.look(data, began)
    except TooMany:
        return _too_many_of_yours(request)
    finally:
        places.release()
    return _page(request, VerifyForm(), verdict=verdict)


def _may_be_looked_into(request: HttpRequest, began: verifying.Beginning | None) -> bool:
    action, key = ("verify_look", "everybody") if began is None else ("verify_look_ours", began.sha256)
    try:
        limits.consume(request, action, key=key)
    except TooMany:
        return False
    return True


def _too_many_of_yours(request: HttpRequest) -> HttpResponse:
    words = _("Many files were sent from your network within a short time. Wait a minute, then send yours again.")
    return _later(request, words, status=429, seconds=WINDOW)


def _digest(file: UploadedFile[Any]) -> str:
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _later(request: HttpRequest, words: str, *, status: int, seconds: int) -> HttpResponse:
    response = _page(request, VerifyForm(), later=words, status=status)
    response["Retry-After"] = str(seconds)
    return response


def _page(request: HttpRequest, form: VerifyForm, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"form": form, "limit": settings.SIGNED_COPY_LIMIT, "at": now(), **more}
    return render(request, "verify/verify.html", context, status=status)
